// HTTP framing: the bytes of a connection, in pieces of any size. Whatever they are,
// * the pieces make no difference to what is understood;
// * what is understood keeps every limit, and written out again it is understood the same;
// * the reader never waits for more than the limits allow.
#include <algorithm>
#include <string>
#include <vector>

#include "coupond/core/assert.h"
#include "coupond/core/limits.h"
#include "coupond/http/uri.h"
#include "src/http/request_reader.h"
#include "tests/fuzz/fuzz.h"

namespace {

namespace limits = coupon::core::limits;
using coupon::fuzz::Choices;
using coupon::http::Request;
using coupon::http::RequestReader;
using Step = RequestReader::Step;

constexpr std::size_t kBodyBytes = 200;
constexpr std::size_t kLargeBodyBytes = 2000;

std::size_t limit_for(const Request& head) {
  return head.target_path == "/import" ? kLargeBodyBytes : 0;
}

std::string printed(const Request& request, bool keep_alive) {
  std::string out = request.method + ' ' + request.target_path;
  if (!request.query.empty()) {
    char mark = '?';
    for (const auto& [name, value] : request.query) {
      out += mark + coupon::http::percent_encode(name) + '=' + coupon::http::percent_encode(value);
      mark = '&';
    }
  }
  out += request.http_1_0 ? " HTTP/1.0\r\n" : " HTTP/1.1\r\n";
  for (const auto& [name, value] : request.headers) out += name + ": " + value + "\r\n";
  out += "\r\n" + request.body;
  return out + (keep_alive ? "\nkept" : "\nclosed");
}

void check_limits(const Request& request) {
  const bool import = request.target_path == "/import";
  COUPOND_ASSERT(request.body.size() <= (import ? kLargeBodyBytes : kBodyBytes));
  COUPOND_ASSERT(request.headers.size() <= limits::kHeadFieldsMax);
  COUPOND_ASSERT(request.target_path.size() <= limits::kPathMaxBytes);
  COUPOND_ASSERT(request.http_1_0 || request.header("Host").has_value());
  COUPOND_ASSERT(!request.header("Transfer-Encoding").has_value());
  for (const std::string& segment : request.segments) {
    COUPOND_ASSERT(coupon::http::valid_utf8(segment));
    const auto control = [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; };
    COUPOND_ASSERT(std::none_of(segment.begin(), segment.end(), control));
  }
}

// What was understood so far; a refusal ends it.
struct Transcript {
  std::vector<std::string> requests;
  int refused = 0;
};

// Takes what is there. False once refused.
bool drain(RequestReader& reader, Transcript& seen) {
  for (Step step = reader.next(); step != Step::kNeedMore; step = reader.next()) {
    if (step == Step::kAskLimit) {
      COUPOND_ASSERT(reader.request().body.size() <= kBodyBytes);
      reader.set_body_limit(limit_for(reader.request()));
      continue;
    }
    if (step == Step::kRefused) {
      seen.refused = reader.refusal().status;
      COUPOND_ASSERT(seen.refused >= 400 && seen.refused < 600 && !reader.keep_alive());
      return false;
    }
    check_limits(reader.request());
    seen.requests.push_back(printed(reader.request(), reader.keep_alive()));
    reader.reset();
  }
  return true;
}

// However much is promised, the limits end it: a client cannot make the reader wait and keep for
// ever.
void check_patience(RequestReader& reader, Transcript seen) {
  const std::size_t before = seen.requests.size();
  if (!reader.started()) return;
  reader.append(std::string(limits::kHeadMaxBytes + kLargeBodyBytes + 1, 'a'));
  const bool waits = drain(reader, seen) && seen.requests.size() == before;
  COUPOND_ASSERT(!waits);
}

Transcript read_whole(std::string_view text) {
  Transcript seen;
  RequestReader reader(kBodyBytes);
  reader.append(text);
  if (drain(reader, seen)) check_patience(reader, seen);
  return seen;
}

Transcript read_in_pieces(std::string_view text) {
  Choices choices(text);
  RequestReader reader(kBodyBytes);
  Transcript seen;
  while (!text.empty()) {
    const std::size_t bytes = std::min(text.size(), 1 + choices.below(40));
    reader.append(text.substr(0, bytes));
    text.remove_prefix(bytes);
    if (!drain(reader, seen)) break;
    if (reader.take_continue()) COUPOND_ASSERT(!reader.take_continue());
  }
  return seen;
}

// A request that was printed, read again. The query is longer with its escapes, and may be too
// long.
void check_reading_again(const std::string& print) {
  const std::string bytes = print.substr(0, print.rfind('\n'));
  const Transcript again = read_whole(bytes);
  if (again.refused == 414 || again.refused == 431) return;
  COUPOND_ASSERT(again.requests == std::vector<std::string>{print});
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text = coupon::fuzz::as_text(data, size);
  const Transcript whole = read_whole(text);
  const Transcript pieces = read_in_pieces(text);
  COUPOND_ASSERT(whole.requests == pieces.requests && whole.refused == pieces.refused);
  for (const std::string& print : whole.requests) check_reading_again(print);
  return 0;
}
