// Public ids. Pure functions: safe on any thread.
#pragma once

#include <string>
#include <string_view>

#include "coupond/core/random.h"

namespace coupon::core {

// A random UUID, version 4, in lower case. Unique, but not a secret: do not use it as one.
std::string uuid4(const Random& random);

// Whether the text is a UUID: 8-4-4-4-12 hex digits of either case, any version.
bool is_uuid(std::string_view text);

}  // namespace coupon::core
