#include "coupond/core/log.h"

#include <unistd.h>

#include <array>
#include <cerrno>

#include "coupond/core/bytes.h"
#include "coupond/core/flat_json.h"
#include "coupond/core/limits.h"
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

// One write per line, so that lines of several processes do not mix. What does not fit is lost.
void write_line(int fd, std::string_view line) {
  while (!line.empty()) {
    const ssize_t written = ::write(fd, line.data(), line.size());
    if (written < 0 && errno == EINTR) continue;
    if (written <= 0) return;
    line.remove_prefix(static_cast<std::size_t>(written));
  }
}

}  // namespace

Log::Log(LogFormat format, LogLevel least, int fd, Clock clock)
    : format_(format), least_(least), fd_(fd), clock_(std::move(clock)) {}

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
    const UnixMs now = clock_();
    const std::string line = format_ == LogFormat::kJson ? json_line(now, level, event, fields)
                                                         : text_line(now, level, event, fields);
    const std::lock_guard lock(mutex_);
    write_line(fd_, line);
  } catch (...) {
    // Out of memory: a line less is better than an operation less.
  }
}

}  // namespace coupon::core
