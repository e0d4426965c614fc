// Unicode's compatibility case-fold: one form for texts that a reader takes for the same.
// Pure: safe on any thread.
#pragma once

#include <string>
#include <string_view>

namespace coupon::core {

// NFKC with case folded and ignorable characters left out. `text` must be UTF-8.
std::string nfkc_casefold(std::string_view text);

}  // namespace coupon::core
