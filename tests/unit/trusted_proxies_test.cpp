#include <catch2/catch.hpp>

#include "coupond/http/trusted_proxies.h"

namespace coupon::http {
namespace {

struct Seen {
  std::string address;
  bool https;
  friend bool operator==(const Seen&, const Seen&) = default;
};

std::ostream& operator<<(std::ostream& out, const Seen& seen) {
  return out << seen.address << (seen.https ? " https" : " http");
}

Seen resolve(const std::vector<std::string>& trusted, const std::string& peer,
             std::vector<NameValue> headers) {
  const auto proxies = TrustedProxies::parse(trusted);
  REQUIRE(proxies.ok());
  Request request;
  request.peer_address = peer;
  request.headers = std::move(headers);
  request.https = true;  // what was there before must not survive
  proxies->resolve(request);
  return {request.client_address, request.https};
}

}  // namespace

TEST_CASE("without trusted proxies no header changes who the client is", "[unit]") {
  for (const char* name : {"X-Forwarded-For", "X-Real-IP", "Forwarded", "REMOTE_ADDR",
                           "CF-Connecting-IP", "True-Client-IP", "X-Client-IP"}) {
    INFO(name);
    const std::vector<NameValue> headers = {{name, "9.9.9.9"}, {"X-Forwarded-Proto", "https"}};
    CHECK(resolve({}, "192.0.2.1", headers) == Seen{"192.0.2.1", false});
    CHECK(resolve({"10.0.0.0/8"}, "192.0.2.1", headers) == Seen{"192.0.2.1", false});
  }
}

TEST_CASE("behind a trusted proxy the right-most untrusted address is the client", "[unit]") {
  const std::vector<std::string> trusted = {"10.0.0.0/8", "::1"};
  const auto from = [&](const std::string& list) {
    return resolve(trusted, "10.0.0.1", {{"X-Forwarded-For", list}}).address;
  };
  CHECK(from("192.0.2.7") == "192.0.2.7");
  CHECK(from("6.6.6.6, 192.0.2.7") == "192.0.2.7");
  CHECK(from("6.6.6.6, 192.0.2.7, 10.2.3.4") == "192.0.2.7");
  CHECK(from("6.6.6.6,192.0.2.7 ,\t10.2.3.4, ::1") == "192.0.2.7");
  CHECK(from("10.9.9.9, 10.2.3.4") == "10.9.9.9");
  CHECK(from("192.0.2.7:5555") == "192.0.2.7");
  CHECK(from("[2001:db8::7]:5555") == "2001:db8::7");
  CHECK(from("2001:db8::7") == "2001:db8::7");
  CHECK(resolve(trusted, "::1", {{"x-forwarded-for", "192.0.2.7"}}).address == "192.0.2.7");
}

TEST_CASE("several header lines are one list", "[unit]") {
  CHECK(resolve({"10.0.0.0/8"}, "10.0.0.1",
                {{"X-Forwarded-For", "6.6.6.6"}, {"X-Forwarded-For", "192.0.2.7, 10.0.0.2"}})
            .address == "192.0.2.7");
}

TEST_CASE("rubbish in the list ends the walk at the last good address", "[unit]") {
  const auto from = [](const std::string& list) {
    return resolve({"10.0.0.0/8"}, "10.0.0.1", {{"X-Forwarded-For", list}}).address;
  };
  for (const char* rubbish :
       {"", ",", ", ,", "unknown", "localhost", "1.2.3", "1.2.3.4.5", "[", "[]", "[::1", ":",
        "0x7f000001", "127.0.0.1\"", "192.0.2.7 x", "192.0.2.7, _hidden", "192.0.2.7,"}) {
    INFO(rubbish);
    CHECK(from(rubbish) == (std::string(rubbish) == "[::1" ? "::1" : "10.0.0.1"));
  }
  CHECK(from("192.0.2.7, rubbish, 10.0.0.2") == "10.0.0.2");
}

TEST_CASE("the protocol is the one the client's own hop reported", "[unit]") {
  const std::vector<std::string> trusted = {"10.0.0.0/8"};
  const auto https = [&](const std::string& addresses, const std::string& protocols) {
    return resolve(trusted, "10.0.0.1",
                   {{"X-Forwarded-For", addresses}, {"X-Forwarded-Proto", protocols}})
        .https;
  };
  CHECK(https("192.0.2.7", "https"));
  CHECK(https("192.0.2.7", "HTTPS"));
  CHECK(!https("192.0.2.7", "http"));
  CHECK(!https("192.0.2.7", "https, http"));
  CHECK(https("192.0.2.7, 10.0.0.2", "https, http"));
  CHECK(https("192.0.2.7, 10.0.0.2", "https"));
  CHECK(!https("192.0.2.7", ""));
  CHECK(resolve(trusted, "10.0.0.1", {{"X-Forwarded-Proto", "https"}}) == Seen{"10.0.0.1", true});
}

TEST_CASE("a network that is not one is named", "[unit]") {
  const auto refused = TrustedProxies::parse({"10.0.0.0/8", "10.0.0.0/33"});
  REQUIRE(!refused.ok());
  CHECK(refused.error().message.find("10.0.0.0/33") != std::string::npos);
}

}  // namespace coupon::http
