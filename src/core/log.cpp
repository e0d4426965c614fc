#include "coupond/core/log.h"

#include <unistd.h>

#include <array>
#include <atomic>
#include <chrono>
#include <deque>
#include <thread>
#include <utility>

#include "coupond/core/bytes.h"
#include "coupond/core/descriptor.h"
#include "coupond/core/flat_json.h"
#include "coupond/core/limits.h"
#include "coupond/core/mutex.h"
#include "coupond/core/time_text.h"

namespace coupon::core {
namespace {

constexpr std::string_view kHex = "0123456789abcdef";

std::string_view level_name(LogLevel level) {
  constexpr std::array<std::string_view, 4> kNames = {"debug", "info", "warn", "error"};
  return kNames[static_cast<std::size_t>(level)];
}

// At most kLogValueMaxBytes, and not in the middle of a character.
std::string_view cut(std::string_view text) {
  if (text.size() <= limits::kLogValueMaxBytes) return text;
  std::size_t size = limits::kLogValueMaxBytes;
  while (size > 0 && (static_cast<unsigned char>(text[size]) & 0xc0) == 0x80) --size;
  return text.substr(0, size);
}

// Every byte that is not UTF-8's own business: in damaged text, each byte above ASCII by itself.
std::string printable(std::string_view text) {
  if (is_utf8(text)) return std::string(text);
  std::string out;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte < 0x80) {
      out += c;
    } else {
      out += "\\x";
      out += kHex[byte >> 4];
      out += kHex[byte & 0x0f];
    }
  }
  return out;
}

// U+0080 to U+009F, which terminals may take for control sequences, are C2 80 to C2 9F.
bool is_c1(std::string_view text, std::size_t at) {
  return text[at] == '\xc2' && at + 1 < text.size() &&
         static_cast<unsigned char>(text[at + 1]) < 0xa0;
}

bool needs_quotes(std::string_view text) {
  if (text.empty()) return true;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte <= 0x20 || byte >= 0x7f || c == '"' || c == '=' || c == '\\') return true;
  }
  return false;
}

void append_quoted(std::string& out, std::string_view text) {
  std::string clean;
  for (std::size_t at = 0; at < text.size(); ++at) {
    clean += is_c1(text, at) ? '?' : text[at];
    if (is_c1(text, at)) ++at;
  }
  out += '"';
  append_json_escaped(out, clean);
  out += '"';
}

void append_text(std::string& out, std::string_view key, const LogField& field) {
  out += ' ';
  out += key;
  out += '=';
  const std::string value =
      field.is_number ? std::to_string(field.number) : printable(cut(field.text));
  if (needs_quotes(value)) {
    append_quoted(out, value);
  } else {
    out += value;
  }
}

void append_json(std::string& out, std::string_view key, const LogField& field) {
  out += out.size() > 1 ? ",\"" : "\"";
  append_json_escaped(out, printable(key));
  out += "\":";
  if (field.is_number) {
    out += std::to_string(field.number);
  } else {
    append_quoted(out, printable(cut(field.text)));
  }
}

std::string text_line(UnixMs at, LogLevel level, std::string_view event, Log::Fields fields) {
  std::string line = to_rfc3339(at);
  line += ' ';
  line += level_name(level);
  line += ' ';
  line += event;
  for (const LogField& field : fields) {
    if (line.size() > limits::kLogLineMaxBytes) break;
    append_text(line, field.key, field);
  }
  return line + '\n';
}

std::string json_line(UnixMs at, LogLevel level, std::string_view event, Log::Fields fields) {
  std::string line = "{";
  append_json(line, "time", {"", to_rfc3339(at)});
  append_json(line, "level", {"", level_name(level)});
  append_json(line, "event", {"", event});
  for (const LogField& field : fields) {
    if (line.size() > limits::kLogLineMaxBytes) break;
    append_json(line, field.key, field);
  }
  return line + "}\n";
}

// As much as a pipe takes at once, so that lines of several processes do not mix.
constexpr std::size_t kWriteBytes = 4096;
// For how long lines gather before they are written: a wake-up for each would cost more than it.
constexpr auto kGather = std::chrono::milliseconds(5);
constexpr auto kPatienceAtEnd = std::chrono::seconds(1);

std::string line_of(LogFormat format, UnixMs at, LogLevel level, std::string_view event,
                    Log::Fields fields) {
  return format == LogFormat::kJson ? json_line(at, level, event, fields)
                                    : text_line(at, level, event, fields);
}

}  // namespace

struct Log::Queue {
  // Returns when the log has gone and all is written. On the log's thread.
  void run(LogFormat format, const Clock& clock, int fd);
  void push(std::string line);
  void end();

 private:
  void write(int fd, const std::deque<std::string>& batch);

  Mutex mutex_;
  ConditionVariable changed_;
  std::deque<std::string> lines_ COUPOND_GUARDED_BY(mutex_);
  std::size_t bytes_ COUPOND_GUARDED_BY(mutex_) = 0;
  std::int64_t lost_ COUPOND_GUARDED_BY(mutex_) = 0;
  bool idle_ COUPOND_GUARDED_BY(mutex_) = false;
  bool ending_ COUPOND_GUARDED_BY(mutex_) = false;
  bool ended_ COUPOND_GUARDED_BY(mutex_) = false;
  std::atomic<bool> abandoned_ = false;  // the descriptor may not be ours any more
  std::int64_t failed_ = 0;              // lines that could not be written; of the thread
};

void Log::Queue::push(std::string line) {
  const MutexLock lock(mutex_);
  if (bytes_ + line.size() > limits::kLogQueueBytes) {
    ++lost_;
    return;
  }
  bytes_ += line.size();
  lines_.push_back(std::move(line));
  if (idle_) changed_.notify_all();
  idle_ = false;
}

void Log::Queue::write(int fd, const std::deque<std::string>& batch) {
  std::string text;
  std::int64_t lines = 0;
  const auto send = [&] {
    if (abandoned_ || !write_all(fd, text)) failed_ += lines;
    text.clear();
    lines = 0;
  };
  for (const std::string& line : batch) {
    if (text.size() + line.size() > kWriteBytes) send();
    text += line;
    ++lines;
  }
  send();
}

void Log::Queue::run(LogFormat format, const Clock& clock, int fd) {
  MutexLock lock(mutex_);
  while (!ending_ || !lines_.empty()) {
    idle_ = lines_.empty();
    while (!ending_ && lines_.empty()) changed_.wait(lock);
    const auto gathered = deadline_in(kGather);
    while (!ending_ && changed_.wait_until(lock, gathered)) continue;
    const auto batch = std::exchange(lines_, {});
    bytes_ = 0;
    const std::int64_t lost = std::exchange(lost_, 0) + std::exchange(failed_, 0);
    lock.unlock();
    write(fd, batch);
    if (lost > 0 && !abandoned_) {
      const std::string line =
          line_of(format, clock(), LogLevel::kWarn, "log_lines_lost", {{"count", lost}});
      if (!write_all(fd, line)) failed_ += lost;
    }
    lock.lock();
  }
  ended_ = true;
  changed_.notify_all();
}

void Log::Queue::end() {
  MutexLock lock(mutex_);
  ending_ = true;
  changed_.notify_all();
  const auto late = deadline_in(kPatienceAtEnd);
  while (!ended_ && changed_.wait_until(lock, late)) continue;
  abandoned_ = true;
}

Log::Log(LogFormat format, LogLevel least, int fd, Clock clock)
    : format_(format), least_(least), clock_(std::move(clock)), queue_(std::make_shared<Queue>()) {
  std::thread([queue = queue_, format, clock = clock_, fd] {
    queue->run(format, clock, fd);
  }).detach();
}

Log::~Log() { queue_->end(); }

void Log::debug(std::string_view event, Fields fields) noexcept {
  write(LogLevel::kDebug, event, fields);
}
void Log::info(std::string_view event, Fields fields) noexcept {
  write(LogLevel::kInfo, event, fields);
}
void Log::warn(std::string_view event, Fields fields) noexcept {
  write(LogLevel::kWarn, event, fields);
}
void Log::error(std::string_view event, Fields fields) noexcept {
  write(LogLevel::kError, event, fields);
}

void Log::write(LogLevel level, std::string_view event, Fields fields) noexcept {
  if (level < least_) return;
  try {
    queue_->push(line_of(format_, clock_(), level, event, fields));
  } catch (...) {
    // Out of memory: a line less is better than an operation less.
  }
}

}  // namespace coupon::core
