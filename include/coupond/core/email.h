// E-mail addresses as account names. Safe on any thread, but for ignore_plus_tags().
#pragma once

#include <string>
#include <string_view>

#include "coupond/core/result.h"

namespace coupon::core {

// The form in which addresses are stored and compared: trimmed, ASCII letters in lower case.
// Accepts `local@domain` in ASCII: a dot-atom of up to 64 bytes, a domain of two or more labels,
// 254 bytes in all. No quoted local part, no address literal. Otherwise kInvalidRequest with the
// field "email" and the sentence "Invalid email format".
Result<std::string> canonical_email(std::string_view text);

// Whether anna+shop@example.com is anna@example.com: it is not, until this is called. Before any
// thread starts, by whoever reads the settings.
void ignore_plus_tags(bool yes);
// The canonical address under which an account with that one is made: without its +tag, where those
// are ignored.
std::string account_email(std::string_view canonical);

}  // namespace coupon::core
