#include "src/cli/terminal.h"

#include <fcntl.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <iostream>
#include <utility>

#include "coupond/core/bytes.h"

namespace coupon::cli {
namespace {

// How many bytes the UTF-8 character at the front has; 0 when there is none.
std::size_t length_of_first(std::string_view text) {
  for (std::size_t length = 1; length <= 4 && length <= text.size(); ++length) {
    if (core::is_utf8(text.substr(0, length))) return length;
  }
  return 0;
}

std::uint32_t code_point(std::string_view character) {
  constexpr std::array<unsigned, 5> kFirstByteMask{0, 0x7f, 0x1f, 0x0f, 0x07};
  std::uint32_t point = static_cast<unsigned char>(character[0]) & kFirstByteMask[character.size()];
  for (const char c : character.substr(1)) {
    point = point << 6 | (static_cast<unsigned char>(c) & 0x3fU);
  }
  return point;
}

// Control characters, and formats without a shape of their own: direction, joiners, zero widths.
bool is_unseen(std::uint32_t point) {
  constexpr std::array<std::pair<std::uint32_t, std::uint32_t>, 8> kRanges{{{0, 0x1f},
                                                                            {0x7f, 0x9f},
                                                                            {0xad, 0xad},
                                                                            {0x61c, 0x61c},
                                                                            {0x200b, 0x200f},
                                                                            {0x2028, 0x202e},
                                                                            {0x2060, 0x206f},
                                                                            {0xfeff, 0xfeff}}};
  for (const auto& [first, last] : kRanges) {
    if (point >= first && point <= last) return true;
  }
  return false;
}

std::string escaped(const char* format, std::uint32_t number) {
  char text[16];
  std::snprintf(text, sizeof text, format, static_cast<unsigned>(number));
  return text;
}

}  // namespace

std::string printable(std::string_view text, std::string_view kept) {
  std::string out;
  while (!text.empty()) {
    const std::size_t length = length_of_first(text);
    const std::uint32_t point =
        length == 0 ? static_cast<unsigned char>(text[0]) : code_point(text.substr(0, length));
    if (length == 0 || (is_unseen(point) && kept.find(text[0]) == std::string_view::npos)) {
      out += escaped(point < 0x100 ? "\\x%02x" : "\\u%04x", point);
    } else {
      out += text.substr(0, length);
    }
    text.remove_prefix(length == 0 ? 1 : length);
  }
  return out;
}

Output::Output() : terminal_(::isatty(STDOUT_FILENO) == 1) {}

std::string Output::missing() {
  const int flags = ::fcntl(STDOUT_FILENO, F_GETFL);
  const bool open = flags >= 0 && (flags & O_ACCMODE) != O_RDONLY;
  return open ? std::string() : "There is no standard output to write to.";
}

bool Output::flush() {
  if (std::cout.flush()) return true;
  if (problem_.empty()) {
    problem_ = std::string("The output cannot be written: ") + std::strerror(errno) + ".";
  }
  return false;
}

bool Output::write(std::string_view text) {
  if (!terminal_) {
    std::cout << text;
    return flush();
  }
  rest_ += text;
  const std::size_t end = rest_.rfind('\n') + 1;
  std::cout << printable(std::string_view(rest_).substr(0, end), "\r\n");
  rest_.erase(0, end);
  return flush();
}

bool Output::finish() {
  std::cout << printable(rest_);
  rest_.clear();
  return flush();
}

}  // namespace coupon::cli
