// E-mail addresses as account names. Pure functions: safe on any thread.
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

}  // namespace coupon::core
