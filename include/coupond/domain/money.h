// Amounts of money as people write them. Inside they are whole minor units (cents) with the
// currency said beside them. Values only: safe on any thread.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "coupond/core/result.h"

namespace coupon::domain {

// Three capital letters. Which of them are currencies is not checked: new ones come.
bool is_currency(std::string_view text);
// Digits behind the point: 2, or 0 and 3 for the few currencies that ISO 4217 says so of.
int minor_digits(std::string_view currency);

// "12.50 EUR"; without a currency the bare number of minor units.
std::string money_text(std::int64_t amount, const std::optional<std::string>& currency);
// "12.50": what a file holds, and parse_money() reads.
std::string money_number(std::int64_t amount, const std::optional<std::string>& currency);

// What a person or another system wrote: "12.50", "12,50", "1.250,00", "12", "12.50 EUR". Without a
// currency a whole number, in minor units. kInvalidRequest, with a sentence, for anything else:
// also for what could be read in two ways, as "1.250", and for another currency.
core::Result<std::int64_t> parse_money(std::string_view text,
                                       const std::optional<std::string>& currency);

}  // namespace coupon::domain
