#include "coupond/core/email.h"

#include "coupond/core/ascii.h"
#include "coupond/core/limits.h"
#include "coupond/core/trim.h"

namespace coupon::core {
namespace {

bool plus_tags_are_ignored = false;

constexpr std::string_view kSpace = " \t\r\n\f\v";
constexpr std::string_view kDigits = "0123456789";
constexpr std::string_view kLetters = "abcdefghijklmnopqrstuvwxyz";
// RFC 5322's atext, in lower case.
constexpr std::string_view kAtomText = "abcdefghijklmnopqrstuvwxyz0123456789!#$%&'*+-/=?^_`{|}~.";

bool is_local(std::string_view local) {
  return !local.empty() && local.size() <= limits::kEmailLocalMaxBytes &&
         local.find_first_not_of(kAtomText) == std::string_view::npos && !local.starts_with('.') &&
         !local.ends_with('.') && local.find("..") == std::string_view::npos;
}

bool is_label(std::string_view label) {
  const auto is_allowed = [](char c) {
    return kLetters.find(c) != std::string_view::npos ||
           kDigits.find(c) != std::string_view::npos || c == '-';
  };
  for (const char c : label) {
    if (!is_allowed(c)) return false;
  }
  return !label.empty() && label.size() <= limits::kDomainLabelMaxBytes &&
         !label.starts_with('-') && !label.ends_with('-');
}

// Two labels or more; the last has a letter, so that an IP address is none.
bool is_domain(std::string_view domain) {
  std::size_t labels = 0;
  std::string_view last;
  while (true) {
    const std::size_t dot = domain.find('.');
    last = domain.substr(0, dot);
    if (!is_label(last)) return false;
    ++labels;
    if (dot == std::string_view::npos) break;
    domain.remove_prefix(dot + 1);
  }
  return labels >= 2 && last.size() >= 2 && last.find_first_of(kLetters) != std::string_view::npos;
}

}  // namespace

Result<std::string> canonical_email(std::string_view text) {
  std::string email = to_lower(trimmed(text, kSpace));
  const std::string_view view = email;
  const std::size_t at = view.rfind('@');
  if (at == std::string_view::npos || email.size() > limits::kEmailMaxBytes ||
      !is_local(view.substr(0, at)) || !is_domain(view.substr(at + 1))) {
    return Error{.reason = Reason::kInvalidRequest,
                 .message = "Invalid email format",
                 .fields = {{"email", "Invalid email format"}}};
  }
  return email;
}

void ignore_plus_tags(bool yes) { plus_tags_are_ignored = yes; }

// What begins with + would be left without a name.
std::string account_email(std::string_view canonical) {
  const std::size_t plus = canonical.find('+');
  const std::size_t at = canonical.find('@');
  if (!plus_tags_are_ignored || plus == 0 || plus >= at) return std::string(canonical);
  return std::string(canonical.substr(0, plus)).append(canonical.substr(at));
}

}  // namespace coupon::core
