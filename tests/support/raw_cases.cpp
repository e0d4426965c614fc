#include "tests/support/raw_cases.h"

namespace coupon::test {
namespace {

std::string with_nul(std::string text) {
  text[text.find('@')] = '\0';
  return text;
}

}  // namespace

std::string raw_get(const std::string& fields) { return "GET /a HTTP/1.1\r\n" + fields + "\r\n"; }
std::string raw_post(const std::string& fields, const std::string& body) {
  return "POST /a HTTP/1.1\r\nHost: x\r\n" + fields + "\r\n" + body;
}
std::string many_fields(int count) {
  std::string fields = "Host: x\r\n";
  for (int i = 1; i < count; ++i) fields += "X-" + std::to_string(i) + ": 1\r\n";
  return fields;
}

std::vector<RawCase> framing_cases() {
  return {
      {"transfer encoding gzip", raw_post("Transfer-Encoding: gzip\r\n"), 501},
      {"transfer encoding identity", raw_post("Transfer-Encoding: identity\r\n"), 501},
      {"a list of codings", raw_post("Transfer-Encoding: gzip, chunked\r\n"), 501},
      {"chunked twice in a list", raw_post("Transfer-Encoding: chunked, chunked\r\n"), 501},
      {"chunked, nearly", raw_post("Transfer-Encoding: xchunked\r\n"), 501},
      {"transfer encoding twice",
       raw_post("Transfer-Encoding: gzip\r\nTransfer-Encoding: chunked\r\n"), 400},
      {"chunked twice", raw_post("Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n"),
       400},
      {"chunked on GET", raw_get("Host: x\r\nTransfer-Encoding: chunked\r\n"), 400},
      {"chunked by HTTP/1.0",
       "POST /a HTTP/1.0\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 400},
      {"length and chunked", raw_post("Content-Length: 4\r\nTransfer-Encoding: chunked\r\n"), 400},
      {"chunked and length", raw_post("Transfer-Encoding: chunked\r\nContent-Length: 4\r\n"), 400},
      {"length twice, different", raw_post("Content-Length: 1\r\nContent-Length: 2\r\n", "ab"),
       400},
      {"length twice, the same", raw_post("Content-Length: 2\r\nContent-Length: 2\r\n", "ab"), 400},
      {"length as a list", raw_post("Content-Length: 2, 2\r\n", "ab"), 400},
      {"negative length", raw_post("Content-Length: -1\r\n"), 400},
      {"length with a plus", raw_post("Content-Length: +2\r\n", "ab"), 400},
      {"length in hexadecimal", raw_post("Content-Length: 0x2\r\n", "ab"), 400},
      {"length with letters", raw_post("Content-Length: 2x\r\n", "ab"), 400},
      {"empty length", raw_post("Content-Length: \r\n"), 400},
      {"length beyond 64 bits", raw_post("Content-Length: 18446744073709551618\r\n", "ab"), 400},
      {"length with an inner space", raw_post("Content-Length: 1 0\r\n", "ab"), 400},
      {"compressed body", raw_post("Content-Encoding: gzip\r\nContent-Length: 2\r\n", "ab"), 415},
      {"body above the limit", raw_post("Content-Length: 65537\r\n"), 413},
      {"huge body", raw_post("Content-Length: 999999999999999999\r\n"), 413},
      {"body on GET", raw_get("Host: x\r\nContent-Length: 2\r\n") + "ab", 400},
      {"body on HEAD", "HEAD /a HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\nab", 400},
      {"body on DELETE", "DELETE /a HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\nab", 400},
      {"unknown expectation", raw_post("Expect: 200-ok\r\nContent-Length: 2\r\n", "ab"), 417},
  };
}

std::vector<RawCase> chunk_cases() {
  struct Chunks {
    const char* name;
    std::string bytes;
    int status = 400;
  };
  const std::vector<Chunks> all = {
      {"a long extension", "5;ext=aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\r\nhello\r\n0\r\n\r\n"},
      {"a long extension of the last chunk", "0;ext=aaaaaaaaaaaaaaaaaaaaaa\r\n\r\n"},
      {"an endless extension", "5;" + std::string(1000, 'a')},
      {"a control character in an extension", "5;a\x01\r\nhello\r\n0\r\n\r\n"},
      {"a space before an extension", "5 ;a\r\nhello\r\n0\r\n\r\n"},
      {"a space after the size", "5 \r\nhello\r\n0\r\n\r\n"},
      {"a space before the size", " 5\r\nhello\r\n0\r\n\r\n"},
      {"a negative size", "-5\r\nhello\r\n0\r\n\r\n"},
      {"a size with a plus", "+5\r\nhello\r\n0\r\n\r\n"},
      {"a size with 0x", "0x5\r\nhello\r\n0\r\n\r\n"},
      {"a size that is no number", "five\r\nhello\r\n0\r\n\r\n"},
      {"a size beyond 64 bits", "FFFFFFFFFFFFFFFFF\r\nhello\r\n0\r\n\r\n"},
      {"a size of 64 bits", "FFFFFFFFFFFFFFFF\r\nhello\r\n0\r\n\r\n"},
      {"a size with many zeroes", "0000000000000000000005\r\nhello\r\n0\r\n\r\n"},
      {"no size", "\r\n"},
      {"bare line ends", "5\nhello\n0\n\n"},
      {"a bare CR behind the size", "5\rhello\r\n0\r\n\r\n"},
      {"data longer than its size", "5\r\nhello!\r\n0\r\n\r\n"},
      {"data shorter than its size", "5\r\nhell\r\n0\r\n\r\n"},
      {"no line end behind the data", "5\r\nhello0\r\n\r\n"},
      {"a trailer", "5\r\nhello\r\n0\r\nX: y\r\n\r\n"},
      {"a length as trailer", "5\r\nhello\r\n0\r\nContent-Length: 3\r\n\r\n"},
      {"a chunk above the limit", "10001\r\n", 413},
      {"a huge chunk", "FFFFFFFF\r\n", 413},
      {"chunks above the limit together",
       "FFFF\r\n" + std::string(0xFFFF, 'a') + "\r\n2\r\naa\r\n0\r\n\r\n", 413},
  };
  std::vector<RawCase> cases;
  for (const Chunks& one : all) {
    cases.push_back({one.name, raw_post("Transfer-Encoding: chunked\r\n", one.bytes), one.status});
  }
  return cases;
}

std::vector<RawCase> line_cases() {
  return {
      {"bare LF after the request line", "GET /a HTTP/1.1\nHost: x\r\n\r\n", 400},
      {"bare LF after a field", "GET /a HTTP/1.1\r\nHost: x\nX: y\r\n\r\n", 400},
      {"bare LF in a value", raw_get("Host: x\r\nX: a\nY: b\r\n"), 400},
      {"bare LF throughout", "GET /a HTTP/1.1\nHost: x\n\n", 400},
      {"bare CR in a value", raw_get("Host: x\r\nX: a\rb\r\n"), 400},
      {"folded field", raw_get("Host: x\r\nX: a\r\n b\r\n"), 400},
      {"field folded with a tab", raw_get("Host: x\r\nX: a\r\n\tb\r\n"), 400},
      {"first field begins with a space", raw_get(" Host: x\r\n"), 400},
      {"space before the colon", raw_get("Host : x\r\n"), 400},
      {"space in a field name", raw_get("Host: x\r\nX Y: a\r\n"), 400},
      {"field without a colon", raw_get("Host: x\r\nnonsense\r\n"), 400},
      {"field without a name", raw_get("Host: x\r\n: a\r\n"), 400},
      {"NUL in a value", with_nul(raw_get("Host: x\r\nX: a@b\r\n")), 400},
      {"NUL in a name", with_nul(raw_get("Host: x\r\nX@: a\r\n")), 400},
      {"control character in a value", raw_get("Host: x\r\nX: a\x01\r\n"), 400},
      {"delete character in a value", raw_get("Host: x\r\nX: a\x7f\r\n"), 400},
      {"an empty line first", "\r\nGET /a HTTP/1.1\r\nHost: x\r\n\r\n", 400},
      {"TLS spoken to us", "\x16\x03\x01\x02\x01\x01\xfc\x03\x03 abcdef", 400},
  };
}

std::vector<RawCase> target_cases() {
  const std::string host = "Host: x\r\n\r\n";
  return {
      {"no version", "GET /a\r\n" + host, 400},
      {"two spaces", "GET  /a HTTP/1.1\r\n" + host, 400},
      {"space in the path", "GET /a b HTTP/1.1\r\n" + host, 400},
      {"tab in the request line", "GET\t/a\tHTTP/1.1\r\n" + host, 400},
      {"version of the future", "GET /a HTTP/2.0\r\n" + host, 505},
      {"HTTP/0.9", "GET /a HTTP/0.9\r\n" + host, 505},
      {"version in lower case", "GET /a http/1.1\r\n" + host, 400},
      {"lower-case method", "get /a HTTP/1.1\r\n" + host, 501},
      {"TRACE", "TRACE /a HTTP/1.1\r\n" + host, 501},
      {"CONNECT", "CONNECT x:80 HTTP/1.1\r\n" + host, 501},
      {"unknown method", "FOO /a HTTP/1.1\r\n" + host, 501},
      {"bad character in the method", "G(T /a HTTP/1.1\r\n" + host, 400},
      {"absolute target", "GET http://x/a HTTP/1.1\r\n" + host, 400},
      {"star target", "OPTIONS * HTTP/1.1\r\n" + host, 400},
      {"relative target", "GET a HTTP/1.1\r\n" + host, 400},
      {"fragment", "GET /a#b HTTP/1.1\r\n" + host, 400},
      {"raw UTF-8 in the path", "GET /\xc3\xa9 HTTP/1.1\r\n" + host, 400},
      {"bad escape", "GET /a%2 HTTP/1.1\r\n" + host, 400},
      {"escape that is not hexadecimal", "GET /a%zz HTTP/1.1\r\n" + host, 400},
      {"escaped NUL", "GET /a%00 HTTP/1.1\r\n" + host, 400},
      {"escaped line end", "GET /a%0d%0aX:%20y HTTP/1.1\r\n" + host, 400},
      {"escaped line end in the query", "GET /a?b=%0d%0aX:%20y HTTP/1.1\r\n" + host, 400},
      {"overlong UTF-8", "GET /%c0%af HTTP/1.1\r\n" + host, 400},
      {"surrogate", "GET /a?b=%ed%a0%80 HTTP/1.1\r\n" + host, 400},
      {"path of 513 bytes", "GET /" + std::string(512, 'a') + " HTTP/1.1\r\n" + host, 414},
      {"query of 9 KiB", "GET /a?" + std::string(9 << 10, 'a') + " HTTP/1.1\r\n" + host, 414},
      {"endless request line", "GET /" + std::string(20 << 10, 'a'), 414},
  };
}

std::vector<RawCase> field_cases() {
  return {
      {"no Host", raw_get("X: y\r\n"), 400},
      {"two Hosts", raw_get("Host: x\r\nHost: y\r\n"), 400},
      {"empty Host", raw_get("Host: \r\n"), 400},
      {"Host with a path", raw_get("Host: x/y\r\n"), 400},
      {"Host with a user", raw_get("Host: a@x\r\n"), 400},
      {"Authorization twice", raw_get("Host: x\r\nAuthorization: a\r\nAuthorization: b\r\n"), 400},
      {"Idempotency-Key twice", raw_post("Idempotency-Key: a\r\nIdempotency-Key: b\r\n"), 400},
      {"101 fields", raw_get(many_fields(101)), 431},
      {"17 KiB of head", raw_get("Host: x\r\nX: " + std::string(17 << 10, 'a') + "\r\n"), 431},
      {"endless field", "GET /a HTTP/1.1\r\nHost: x\r\nX: " + std::string(17 << 10, 'a'), 431},
  };
}

}  // namespace coupon::test
