#include "src/http/request_reader.h"

#include <catch2/catch.hpp>
#include <random>

namespace coupon::http {
namespace {

using Step = RequestReader::Step;

// All that is understood of a body beyond the usual limit is that it is refused.
const std::string kRequests =
    "PUT /d HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n"
    "3;a=b\r\none\r\n04\r\n two\r\n0\r\n\r\n"
    "POST /a%20b?x=1 HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\nhello"
    "GET /c HTTP/1.1\r\nHost: x\r\nX-Note:  spaces \r\n\r\n";

// What was understood, on one line each, ending with the refusal if there is one.
std::string read_all(RequestReader& reader, const std::vector<std::string_view>& pieces) {
  std::string seen;
  for (const std::string_view piece : pieces) {
    reader.append(piece);
    for (Step step = reader.next(); step != Step::kNeedMore; step = reader.next()) {
      if (step == Step::kAskLimit) {
        reader.set_body_limit(0);
        continue;
      }
      if (step == Step::kRefused) return seen + std::to_string(reader.refusal().status);
      const Request& request = reader.request();
      seen += request.method + " " + request.target_path + " " + request.body;
      for (const auto& [name, value] : request.headers) seen += " " + name + "=" + value;
      seen += "\n";
      reader.reset();
    }
  }
  return seen;
}

}  // namespace

TEST_CASE("however the bytes are cut, the same requests come out", "[unit]") {
  const std::string expected =
      "PUT /d one two Host=x Content-Length=7\nPOST /a%20b hello Host=x Content-Length=5\nGET /c  "
      "Host=x X-Note=spaces\n";
  const std::string_view text = kRequests;
  for (std::size_t a = 0; a <= text.size(); ++a) {
    for (std::size_t b = a; b <= text.size(); ++b) {
      RequestReader reader(100);
      const std::string seen =
          read_all(reader, {text.substr(0, a), text.substr(a, b - a), text.substr(b)});
      if (seen != expected) FAIL("cut at " << a << " and " << b << ": " << seen);
    }
  }
}

TEST_CASE("bytes changed at random never crash the reader nor leave it waiting in vain", "[unit]") {
  std::mt19937 random(7);
  int refused = 0;
  for (int round = 0; round < 20'000; ++round) {
    std::string text = kRequests;
    for (auto changes = 1 + random() % 3; changes > 0; --changes) {
      text[random() % text.size()] = static_cast<char>(random() % 256);
    }
    RequestReader reader(100);
    const std::string whole = read_all(reader, {text});
    const std::size_t cut = random() % text.size();
    RequestReader in_pieces(100);
    const std::string_view view = text;
    const std::string pieces = read_all(in_pieces, {view.substr(0, cut), view.substr(cut)});
    if (whole != pieces) FAIL("cut at " << cut << ": " << text);
    refused += whole.find('\n') == std::string::npos;
  }
  // Most changes break the first request; if few did, this test would prove little.
  CHECK(refused > 5'000);
}

TEST_CASE("a body above the usual limit is taken once somebody allows it", "[unit]") {
  const std::string head = "POST /import HTTP/1.1\r\nHost: x\r\n";
  const std::string chunked = "Transfer-Encoding: chunked\r\n\r\n";
  // What the reader says to the bytes, to `limit`, and then to the rest.
  const auto outcome = [&](const std::string& bytes, std::size_t limit, const std::string& rest) {
    RequestReader reader(10);
    reader.append(head + bytes);
    REQUIRE(reader.next() == Step::kAskLimit);
    CHECK(reader.request().body.size() <= 10);
    CHECK(reader.next() == Step::kAskLimit);
    reader.set_body_limit(limit);
    if (reader.next() == Step::kRefused) return reader.refusal().status;
    CHECK(reader.large_body_bytes() == reader.request().body.size());
    reader.append(rest);
    if (reader.next() != Step::kComplete) return 0;
    return static_cast<int>(reader.request().body.size());
  };
  const std::string twelve(12, 'b');
  CHECK(outcome("Content-Length: 12\r\n\r\n", 12, twelve) == 12);
  CHECK(outcome("Content-Length: 12\r\n\r\n" + twelve, 12, "") == 12);
  CHECK(outcome("Content-Length: 12\r\n\r\n", 11, twelve) == 413);
  CHECK(outcome("Content-Length: 11\r\n\r\n", 0, twelve) == 413);
  CHECK(outcome(chunked + "c\r\n", 12, twelve + "\r\n0\r\n\r\n") == 12);
  CHECK(outcome(chunked + "9\r\nbbbbbbbbb\r\n2\r\n", 11, "bb\r\n0\r\n\r\n") == 11);
  CHECK(outcome(chunked + "9\r\nbbbbbbbbb\r\n2\r\n", 11, "bb\r\n1\r\nb") == 0);
  CHECK(outcome(chunked + "c\r\n", 11, twelve) == 413);
  // The next request asks again.
  RequestReader reader(10);
  reader.append(head + "Content-Length: 12\r\n\r\n" + twelve);
  CHECK(reader.next() == Step::kAskLimit);
  reader.set_body_limit(12);
  CHECK(reader.next() == Step::kComplete);
  reader.reset();
  CHECK(reader.held_bytes() == 0);
  reader.append(head + "Content-Length: 12\r\n\r\n");
  CHECK(reader.next() == Step::kAskLimit);
}

}  // namespace coupon::http
