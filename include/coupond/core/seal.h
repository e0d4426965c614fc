// Sealing: texts that must lie in the database but not be readable from a stolen copy of it, and
// that are never searched for (codes are: they have their own way, codes.h).
// XSalsa20-Poly1305 with a random nonce. Pure functions: safe on any thread.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "coupond/core/bytes.h"
#include "coupond/core/random.h"

namespace coupon::core {

// 40 bytes longer than `text`. One key seals any number of texts.
std::string seal(const Block<32>& key, std::string_view text, const Random& random);
// Nothing when it was sealed with another key or has been changed.
std::optional<std::string> unseal(const Block<32>& key, std::string_view sealed);

}  // namespace coupon::core
