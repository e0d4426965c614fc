// Strict JSON in, safe JSON out. The one place where text from a client becomes a nlohmann::json;
// replies never pass through one, they are appended to a string (shape.h).
// Pure functions: safe on any thread. Only .cpp files that look inside a Json include nlohmann.
#pragma once

#include <cstddef>
#include <cstdint>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <string_view>

#include "coupond/core/result.h"

namespace coupon::http {

using Json = nlohmann::json;

struct JsonLimits {
  std::size_t bytes_max = 64 * 1024;
  std::size_t depth_max = 16;  // Objects and arrays within each other; a lone scalar has depth 0.
};

// The value `text` holds. Refused with kInvalidJson and a sentence: a syntax error (with its byte),
// anything after the value, text or depth beyond the limits, one key twice in an object, bytes that
// are not UTF-8, lone surrogates, a NUL in a string or key, numbers beyond a double. Integers stay
// exact from -2^63 to 2^64-1; larger ones become doubles, which no integer field accepts.
core::Result<Json> parse_json(std::string_view text, const JsonLimits& limits = {});

// Appends `text` as a JSON string with its quotes. Never fails: each byte that is not part of valid
// UTF-8 becomes U+FFFD.
void append_json_string(std::string& out, std::string_view text);
void append_json_integer(std::string& out, std::int64_t number);

// Characters (code points) of valid UTF-8, which is what minLength and maxLength count.
std::size_t utf8_length(std::string_view text);

}  // namespace coupon::http
