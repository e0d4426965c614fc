#include "coupond/domain/money.h"

#include <algorithm>
#include <array>

#include "coupond/core/limits.h"

namespace coupon::domain {
namespace {

constexpr std::array<std::string_view, 16> kWithoutMinorUnits{
    "BIF", "CLP", "DJF", "GNF", "ISK", "JPY", "KMF", "KRW",
    "PYG", "RWF", "UGX", "UYI", "VND", "VUV", "XAF", "XOF"};
constexpr std::array<std::string_view, 7> kThousandths{"BHD", "IQD", "JOD", "KWD",
                                                       "LYD", "OMR", "TND"};

bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_letter(char c) { return c >= 'A' && c <= 'Z'; }

template <class List>
bool contains(const List& list, std::string_view currency) {
  return std::find(list.begin(), list.end(), currency) != list.end();
}

core::Error refuse(std::string_view text, std::string_view why) {
  std::string message = "\"";
  message.append(text).append("\" is not an amount: ").append(why);
  return {.reason = core::Reason::kInvalidRequest, .message = std::move(message)};
}

std::string_view trimmed(std::string_view text) {
  while (!text.empty() && text.front() == ' ') text.remove_prefix(1);
  while (!text.empty() && text.back() == ' ') text.remove_suffix(1);
  return text;
}

// The digits before the point, with the marks between thousands taken out; nothing when those do
// not stand where they must.
std::optional<std::string> whole_part(std::string_view text, char mark) {
  std::string digits;
  std::size_t group = 0;
  bool grouped = false;
  for (const char c : text) {
    if (c == mark) {
      if (grouped ? group != 3 : (group == 0 || group > 3)) return std::nullopt;
      grouped = true;
      group = 0;
    } else if (is_digit(c)) {
      digits += c;
      ++group;
    } else {
      return std::nullopt;
    }
  }
  if (digits.empty() || (grouped && group != 3)) return std::nullopt;
  return digits;
}

core::Result<std::int64_t> to_minor_units(std::string_view text, const std::string& digits) {
  std::int64_t amount = 0;
  for (const char c : digits) {
    amount = amount * 10 + (c - '0');
    if (amount > core::limits::kAmountMax) return refuse(text, "it is larger than any may be");
  }
  return amount;
}

}  // namespace

bool is_currency(std::string_view text) {
  return text.size() == 3 && std::all_of(text.begin(), text.end(), is_letter);
}

int minor_digits(std::string_view currency) {
  if (contains(kWithoutMinorUnits, currency)) return 0;
  return contains(kThousandths, currency) ? 3 : 2;
}

std::string money_number(std::int64_t amount, const std::optional<std::string>& currency) {
  const auto places = static_cast<std::size_t>(currency ? minor_digits(*currency) : 0);
  std::string digits = std::to_string(amount);
  if (places == 0) return digits;
  if (digits.size() <= places) digits.insert(0, places + 1 - digits.size(), '0');
  return digits.insert(digits.size() - places, 1, '.');
}

std::string money_text(std::int64_t amount, const std::optional<std::string>& currency) {
  std::string text = money_number(amount, currency);
  if (currency) text.append(" ").append(*currency);
  return text;
}

core::Result<std::int64_t> parse_money(std::string_view text,
                                       const std::optional<std::string>& currency) {
  std::string_view number = trimmed(text);
  if (currency && number.ends_with(*currency)) {
    number = trimmed(number.substr(0, number.size() - currency->size()));
  }
  const std::size_t point = number.find_last_of(".,");
  if (!currency) {
    const auto digits = whole_part(number, '\0');
    if (!digits) return refuse(text, "without a currency it must be a whole number of minor units");
    return to_minor_units(text, *digits);
  }
  const auto places = static_cast<std::size_t>(minor_digits(*currency));
  if (point == std::string_view::npos) {
    const auto digits = whole_part(number, '\0');
    if (!digits) return refuse(text, "write it as " + money_text(125'000, currency));
    return to_minor_units(text, *digits + std::string(places, '0'));
  }
  const std::string_view behind = number.substr(point + 1);
  const bool all_digits = std::all_of(behind.begin(), behind.end(), is_digit);
  const auto before = whole_part(number.substr(0, point), number[point] == '.' ? ',' : '.');
  if (!before || !all_digits || behind.empty() || behind.size() > places) {
    return refuse(text, "write it as " + money_text(125'000, currency));
  }
  return to_minor_units(text,
                        *before + std::string(behind) + std::string(places - behind.size(), '0'));
}

}  // namespace coupon::domain
