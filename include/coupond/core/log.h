// The log: one line per event, to stderr unless told otherwise. Values are escaped, so that no
// input can start a line of its own or reach a terminal as a control sequence. Never throws, never
// fails the caller and never makes it wait: lines go through a bounded queue to one thread, which
// writes them. Who reads the log may be slow, stuck or gone. What does not fit is lost, and how
// many lines were is told as soon as one can be written again.
// Who logs keeps secrets out: no passwords, tokens or whole codes.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <memory>
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

  // `fd` stays the caller's. Events below `least` are dropped. Starts a thread: signals that others
  // wait for must be blocked by then.
  explicit Log(LogFormat format = LogFormat::kText, LogLevel least = LogLevel::kInfo, int fd = 2,
               Clock clock = system_clock_now);
  // Writes what is left, unless nobody takes it for a second.
  ~Log();
  Log(const Log&) = delete;
  Log& operator=(const Log&) = delete;

  // `event` is a fixed snake_case name: "server_started".
  void debug(std::string_view event, Fields fields = {}) noexcept;
  void info(std::string_view event, Fields fields = {}) noexcept;
  void warn(std::string_view event, Fields fields = {}) noexcept;
  void error(std::string_view event, Fields fields = {}) noexcept;
  void write(LogLevel level, std::string_view event, Fields fields) noexcept;

 private:
  struct Queue;

  const LogFormat format_;
  const LogLevel least_;
  const Clock clock_;
  // Shared with the thread, which may be stuck in a write when this goes.
  const std::shared_ptr<Queue> queue_;
};

}  // namespace coupon::core
