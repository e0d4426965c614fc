// The log: one line per event, to stderr unless told otherwise. Values are escaped, so that no
// input can start a line of its own or reach a terminal as a control sequence. Never throws and
// never fails the caller: a line that cannot be written is lost.
// Who logs keeps secrets out: no passwords, tokens or whole codes.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <mutex>
#include <string>
#include <string_view>
#include <type_traits>

#include "coupond/core/clock.h"

namespace coupon::core {

enum class LogLevel { kDebug, kInfo, kWarn, kError };
enum class LogFormat { kText, kJson };

// One key and its value. Views only: lives as long as the call to log.
struct LogField {
  LogField(std::string_view k, std::string_view v) : key(k), text(v) {}
  LogField(std::string_view k, const char* v) : key(k), text(v) {}
  LogField(std::string_view k, const std::string& v) : key(k), text(v) {}
  template <class T>
  requires std::is_integral_v<T> LogField(std::string_view k, T v)
      : key(k), number(static_cast<std::int64_t>(v)), is_number(true) {}

  std::string_view key;
  std::string_view text;
  std::int64_t number = 0;
  bool is_number = false;
};

// All methods may be called from any thread.
class Log {
 public:
  using Fields = std::initializer_list<LogField>;

  // `fd` stays the caller's. Events below `least` are dropped.
  explicit Log(LogFormat format = LogFormat::kText, LogLevel least = LogLevel::kInfo, int fd = 2,
               Clock clock = system_clock_now);
  Log(const Log&) = delete;
  Log& operator=(const Log&) = delete;

  // `event` is a fixed snake_case name: "server_started".
  void debug(std::string_view event, Fields fields = {}) noexcept;
  void info(std::string_view event, Fields fields = {}) noexcept;
  void warn(std::string_view event, Fields fields = {}) noexcept;
  void error(std::string_view event, Fields fields = {}) noexcept;
  void write(LogLevel level, std::string_view event, Fields fields) noexcept;

 private:
  const LogFormat format_;
  const LogLevel least_;
  const int fd_;
  const Clock clock_;
  std::mutex mutex_;  // guards the order of writes to fd_
};

}  // namespace coupon::core
