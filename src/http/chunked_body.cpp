#include "src/http/chunked_body.h"

#include <algorithm>
#include <charconv>

#include "coupond/core/limits.h"

namespace coupon::http {
namespace {

// A size we would take has at most eight digits: more cannot be below any limit of ours.
constexpr std::size_t kSizeDigitsMax = 8;

bool is_visible(char c) { return c > ' ' && c <= '~'; }

}  // namespace

ChunkedBody::Step ChunkedBody::take_line_end(std::string_view& input) {
  constexpr std::string_view kLineEnd = "\r\n";
  if (!kLineEnd.starts_with(input.substr(0, kLineEnd.size()))) return Step::kMalformed;
  if (input.size() < kLineEnd.size()) return Step::kNeedMore;
  input.remove_prefix(kLineEnd.size());
  return Step::kEnd;
}

// kEnd: the size is known.
ChunkedBody::Step ChunkedBody::take_size(std::string_view& input) {
  const std::size_t end = std::min(input.find_first_of("\r\n"), input.size());
  const std::string_view line = input.substr(0, end);
  const std::size_t digits = std::min(line.find(';'), line.size());
  const std::string_view extension = line.substr(digits);
  if (digits > kSizeDigitsMax || extension.size() > core::limits::kChunkExtensionMaxBytes ||
      !std::ranges::all_of(extension, is_visible)) {
    return Step::kMalformed;
  }
  std::uint32_t size = 0;
  const auto [last, problem] = std::from_chars(line.data(), line.data() + digits, size, 16);
  const bool is_size = problem == std::errc() && last == line.data() + digits;
  if (!is_size && (digits > 0 || end < input.size())) return Step::kMalformed;
  if (end == input.size()) return Step::kNeedMore;
  std::string_view rest = input.substr(end);
  const Step ended = take_line_end(rest);
  if (ended != Step::kEnd) return ended;
  input = rest;
  missing_ = size;
  return Step::kEnd;
}

ChunkedBody::Step ChunkedBody::take(std::string_view& input, std::string& body, std::size_t most) {
  for (;;) {
    if (at_ == At::kSize) {
      const Step step = take_size(input);
      if (step != Step::kEnd) return step;
      at_ = missing_ > 0 ? At::kData : At::kEnd;
    }
    if (at_ == At::kData) {
      if (missing_ > most - std::min(most, body.size())) return Step::kOverLimit;
      const std::size_t bytes = std::min(missing_, input.size());
      body.append(input.substr(0, bytes));
      input.remove_prefix(bytes);
      missing_ -= bytes;
      if (missing_ > 0) return Step::kNeedMore;
      at_ = At::kDataEnd;
    }
    const Step step = take_line_end(input);
    // After the last chunk comes an empty line: trailers, which nobody here needs, are malformed.
    if (step != Step::kEnd || at_ == At::kEnd) return step;
    at_ = At::kSize;
  }
}

}  // namespace coupon::http
