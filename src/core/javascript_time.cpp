// Times as JavaScript's Date reads them, as far as people send them: dates of numbers or with the
// month's name, with or without a time and a zone. Put into RFC 3339, which then judges the
// figures.
#include <algorithm>
#include <array>
#include <cctype>
#include <optional>
#include <string>
#include <vector>

#include "coupond/core/ascii.h"
#include "coupond/core/time_text.h"

namespace coupon::core {
namespace {

// What has been found of a time; figures as texts.
struct Parts {
  std::string year, month, day;
  std::string time = "00:00:00";
  std::string zone = "Z";
};

std::string two_digits(std::string_view text) {
  return text.size() == 1 ? "0" + std::string(text) : std::string(text);
}

// "2026-1-2", "2026/01/02" and "2026.01.02"; "1/2/2026", whose month comes first; "2026-01",
// "2026".
bool take_date(std::string_view text, Parts& parts) {
  constexpr std::string_view kSeparators = "-/.";
  if (text.empty() || kSeparators.find(text.back()) != std::string_view::npos) return false;
  std::vector<std::string_view> figures;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find_first_of(kSeparators), text.size());
    figures.push_back(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  if (figures.empty() || figures.size() > 3) return false;
  if (!std::all_of(figures.begin(), figures.end(), is_digits)) return false;
  if (figures.size() == 3 && figures[2].size() == 4)
    std::rotate(figures.begin(), figures.end() - 1, figures.end());
  if (figures[0].size() != 4) return false;
  parts.year = figures[0];
  parts.month = figures.size() > 1 ? two_digits(figures[1]) : "01";
  parts.day = figures.size() > 2 ? two_digits(figures[2]) : "01";
  return true;
}

// "+0100", "+01:00", "-5" behind a time or the word GMT.
std::optional<std::string> offset_of(std::string_view text) {
  std::string digits(text.substr(1));
  std::erase(digits, ':');
  if (!is_digits(digits) || digits.size() > 4) return std::nullopt;
  if (digits.size() <= 2) digits = two_digits(digits) + "00";
  if (digits.size() == 3) digits.insert(0, 1, '0');
  return text.front() + digits.substr(0, 2) + ":" + digits.substr(2);
}

bool take_zone(std::string_view text, Parts& parts) {
  for (const std::string_view word : {"Z", "UTC", "GMT"}) {
    if (text.starts_with(word)) {
      text.remove_prefix(word.size());
      break;
    }
  }
  if (text.empty()) return true;
  if (text.front() != '+' && text.front() != '-') return false;
  const auto offset = offset_of(text);
  if (offset) parts.zone = *offset;
  return offset.has_value();
}

// "8:30", "08:30:00", "08:30:00.123+01:00"
bool take_time(std::string_view text, Parts& parts) {
  const std::size_t end = std::min(text.find_first_not_of("0123456789:."), text.size());
  const std::string_view clock = text.substr(0, end);
  const auto colons = std::count(clock.begin(), clock.end(), ':');
  if (colons < 1 || colons > 2) return false;
  parts.time = clock;
  if (clock.find(':') == 1) parts.time.insert(0, 1, '0');
  if (colons == 1) parts.time += ":00";
  return end == text.size() || take_zone(text.substr(end), parts);
}

// "Jan", "January"; weekdays say nothing.
bool take_word(std::string_view text, Parts& parts) {
  constexpr std::string_view kNames = "janfebmaraprmayjunjulaugsepoctnovdec";
  constexpr std::string_view kWeekdays = "sunmontuewedthufrisat";
  if (text.size() < 3) return false;
  const std::string start = to_lower(text.substr(0, 3));
  const std::size_t place = kNames.find(start);
  if (place != std::string_view::npos && place % 3 == 0) {
    parts.month = two_digits(std::to_string(place / 3 + 1));
    return true;
  }
  const std::size_t weekday = kWeekdays.find(start);
  return weekday != std::string_view::npos && weekday % 3 == 0;
}

bool take(std::string_view token, Parts& parts) {
  if (token.find(':') != std::string_view::npos &&
      std::isdigit(static_cast<unsigned char>(token.front())))
    return take_time(token, parts);
  if (token == "Z" || token.starts_with("UTC") || token.starts_with("GMT") || token.front() == '+')
    return take_zone(token, parts);
  if (!std::isdigit(static_cast<unsigned char>(token.front()))) return take_word(token, parts);
  if (!is_digits(token) || parts.month.empty()) {
    if (is_digits(token) && token.size() <= 2) {
      parts.day = two_digits(token);
      return true;
    }
    return take_date(token, parts);
  }
  (token.size() == 4 ? parts.year : parts.day) = two_digits(token);
  return true;
}

// The words and figures: separated by blanks, commas and the T of ISO 8601; without what stands in
// brackets, which is a zone's name in words.
std::vector<std::string> tokens_of(std::string_view text) {
  std::vector<std::string> tokens(1);
  text = text.substr(0, text.find('('));
  for (std::size_t i = 0; i < text.size(); ++i) {
    const bool is_t =
        text[i] == 'T' && i > 0 && std::isdigit(static_cast<unsigned char>(text[i - 1]));
    if (text[i] == ' ' || text[i] == ',' || is_t) {
      if (!tokens.back().empty()) tokens.emplace_back();
    } else {
      tokens.back() += text[i];
    }
  }
  if (tokens.back().empty()) tokens.pop_back();
  return tokens;
}

}  // namespace

Result<UnixMs> parse_javascript_time(std::string_view text) {
  const Error refused{.reason = Reason::kInvalidRequest,
                      .message = "must be a time such as 2026-11-20T14:00:00.000Z or a date"};
  Parts parts;
  for (const std::string& token : tokens_of(text)) {
    if (!take(token, parts)) return refused;
  }
  if (parts.year.empty() || parts.month.empty() || parts.day.empty()) return refused;
  auto time =
      parse_time(parts.year + "-" + parts.month + "-" + parts.day + "T" + parts.time + parts.zone);
  if (!time) return refused;
  return time;
}

}  // namespace coupon::core
