#include "src/http/request_reader.h"

#include <catch2/catch.hpp>
#include <random>

namespace coupon::http {
namespace {

using Step = RequestReader::Step;

const std::string kTwoRequests =
    "POST /a%20b?x=1 HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\nhello"
    "GET /c HTTP/1.1\r\nHost: x\r\nX-Note:  spaces \r\n\r\n";

// What was understood, on one line each, ending with the refusal if there is one.
std::string read_all(RequestReader& reader, const std::vector<std::string_view>& pieces) {
  std::string seen;
  for (const std::string_view piece : pieces) {
    reader.append(piece);
    for (Step step = reader.next(); step != Step::kNeedMore; step = reader.next()) {
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
  BodyPolicy policy{.body_bytes = 100, .limit_of = {}, .large_bytes_total = 1000};
  const std::string expected =
      "POST /a%20b hello Host=x Content-Length=5\nGET /c  Host=x X-Note=spaces\n";
  const std::string_view text = kTwoRequests;
  for (std::size_t a = 0; a <= text.size(); ++a) {
    for (std::size_t b = a; b <= text.size(); ++b) {
      RequestReader reader(policy);
      const std::string seen =
          read_all(reader, {text.substr(0, a), text.substr(a, b - a), text.substr(b)});
      if (seen != expected) FAIL("cut at " << a << " and " << b << ": " << seen);
    }
  }
}

TEST_CASE("bytes changed at random never crash the reader nor leave it waiting in vain", "[unit]") {
  BodyPolicy policy{.body_bytes = 100, .limit_of = {}, .large_bytes_total = 1000};
  std::mt19937 random(7);
  int refused = 0;
  for (int round = 0; round < 20'000; ++round) {
    std::string text = kTwoRequests;
    for (auto changes = 1 + random() % 3; changes > 0; --changes) {
      text[random() % text.size()] = static_cast<char>(random() % 256);
    }
    RequestReader reader(policy);
    const std::string whole = read_all(reader, {text});
    const std::size_t cut = random() % text.size();
    RequestReader in_pieces(policy);
    const std::string_view view = text;
    const std::string pieces = read_all(in_pieces, {view.substr(0, cut), view.substr(cut)});
    if (whole != pieces) FAIL("cut at " << cut << ": " << text);
    refused += whole.find('\n') == std::string::npos;
  }
  // Most changes break the first request; if few did, this test would prove little.
  CHECK(refused > 5'000);
}

TEST_CASE("large bodies are counted together and given back", "[unit]") {
  BodyPolicy policy{
      .body_bytes = 10,
      .limit_of = [](const Request& head) -> std::size_t {
        return head.target_path == "/import" ? 100 : 0;
      },
      .large_bytes_total = 150};
  const auto post = [](const std::string& path, int length) {
    return "POST " + path + " HTTP/1.1\r\nHost: x\r\nContent-Length: " + std::to_string(length) +
           "\r\n\r\n";
  };
  const auto status = [&](RequestReader& reader, const std::string& head) {
    reader.append(head);
    return reader.next() == Step::kRefused ? reader.refusal().status : 0;
  };
  RequestReader first(policy);
  CHECK(status(first, post("/import", 100)) == 0);
  CHECK(policy.large_bytes_now == 100);
  {
    RequestReader second(policy);
    CHECK(status(second, post("/import", 51)) == 503);
    RequestReader third(policy);
    CHECK(status(third, post("/import", 50)) == 0);
    CHECK(policy.large_bytes_now == 150);
    RequestReader fourth(policy);
    CHECK(status(fourth, post("/import", 101)) == 413);
    RequestReader fifth(policy);
    CHECK(status(fifth, post("/other", 11)) == 413);
    RequestReader small(policy);
    CHECK(status(small, post("/other", 10)) == 0);
  }
  CHECK(policy.large_bytes_now == 100);
  first.reset();
  CHECK(policy.large_bytes_now == 0);
}

}  // namespace coupon::http
