#include "src/http/head.h"

#include <algorithm>
#include <array>

#include "coupond/core/limits.h"
#include "coupond/core/trim.h"
#include "coupond/http/request.h"

namespace coupon::http {
namespace {

namespace limits = core::limits;

constexpr WireRefusal kBadLineEnd{400, "malformed_request", "Lines must end with CR LF."};
constexpr WireRefusal kBadCharacter{400, "malformed_request",
                                    "The request's head contains a control character."};
constexpr WireRefusal kBadRequestLine{400, "malformed_request", "The request line is malformed."};
constexpr WireRefusal kBadField{400, "malformed_request", "A header field is malformed."};
constexpr WireRefusal kHeadTooLarge{431, "head_too_large", "The request's header is too large."};
constexpr WireRefusal kTooManyFields{431, "head_too_large",
                                     "The request has too many header fields."};
constexpr WireRefusal kTargetTooLong{414, "uri_too_long",
                                     "The request's path or query is too long."};
constexpr WireRefusal kBadVersion{505, "http_version",
                                  "Only HTTP/1.1 and HTTP/1.0 are spoken here."};
constexpr WireRefusal kUnknownMethod{501, "method_not_implemented",
                                     "This method is not implemented."};
constexpr WireRefusal kHost{400, "malformed_request", "Exactly one valid Host header is required."};
constexpr WireRefusal kRepeated{400, "malformed_request",
                                "A header that may come once came twice."};
constexpr WireRefusal kBadLength{400, "malformed_request", "Content-Length is not a number."};
constexpr WireRefusal kLengthAndEncoding{
    400, "malformed_request", "Content-Length and Transfer-Encoding exclude each other."};
constexpr WireRefusal kTransferEncoding{501, "transfer_encoding",
                                        "The only Transfer-Encoding taken here is chunked."};
constexpr WireRefusal kChunkedBefore11{400, "malformed_request",
                                       "HTTP/1.0 has no Transfer-Encoding."};
constexpr WireRefusal kContentEncoding{415, "content_encoding",
                                       "Compressed request bodies are not accepted."};
constexpr WireRefusal kExpectation{417, "expectation_failed", "Only 100-continue can be expected."};
constexpr WireRefusal kBodyNotAllowed{400, "malformed_request", "This method takes no body."};

bool is_token_char(char c) {
  constexpr std::string_view kMarks = "!#$%&'*+-.^_`|~";
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
         kMarks.find(c) != std::string_view::npos;
}

bool is_token(std::string_view text) {
  return !text.empty() && std::ranges::all_of(text, is_token_char);
}

bool is_control(char c) { return (static_cast<unsigned char>(c) < 0x20 && c != '\t') || c == 0x7f; }

// Takes the next line off `text`, without its CR LF.
std::string_view take_line(std::string_view& text) {
  const std::size_t end = text.find("\r\n");
  const std::string_view line = text.substr(0, end);
  text.remove_prefix(end + 2);
  return line;
}

bool known_method(std::string_view method) {
  constexpr std::array<std::string_view, 7> kMethods = {"GET",    "POST",    "HEAD", "PUT",
                                                        "DELETE", "OPTIONS", "PATCH"};
  return std::ranges::find(kMethods, method) != kMethods.end();
}

std::optional<WireRefusal> parse_target(std::string_view target, Head& head) {
  // Only the origin form: with an absolute one, target and Host could name two different sites.
  if (target.empty() || target.front() != '/') return kBadRequestLine;
  const auto visible = [](char c) { return c > 0x20 && c < 0x7f && c != '#'; };
  if (!std::ranges::all_of(target, visible)) return kBadRequestLine;
  const std::size_t mark = std::min(target.find('?'), target.size());
  head.path = target.substr(0, mark);
  head.query = target.substr(std::min(mark + 1, target.size()));
  if (head.path.size() > limits::kPathMaxBytes || target.size() > limits::kTargetMaxBytes) {
    return kTargetTooLong;
  }
  return std::nullopt;
}

std::optional<WireRefusal> parse_request_line(std::string_view line, Head& head) {
  const std::size_t first = line.find(' ');
  const std::size_t last = line.rfind(' ');
  if (first == std::string_view::npos || first == last) return kBadRequestLine;
  const std::string_view version = line.substr(last + 1);
  head.method = line.substr(0, first);
  if (!is_token(head.method)) return kBadRequestLine;
  if (version != "HTTP/1.1" && version != "HTTP/1.0") {
    return version.starts_with("HTTP/") ? kBadVersion : kBadRequestLine;
  }
  head.http_1_0 = version == "HTTP/1.0";
  if (!known_method(head.method)) return kUnknownMethod;
  return parse_target(line.substr(first + 1, last - first - 1), head);
}

std::optional<WireRefusal> parse_fields(std::string_view text, Head& head) {
  for (;;) {
    const std::string_view line = take_line(text);
    if (line.empty()) return std::nullopt;
    // A line that begins with a space (a fold) or has one before the colon has no token as name.
    const std::size_t colon = line.find(':');
    if (colon == std::string_view::npos || !is_token(line.substr(0, colon))) return kBadField;
    head.fields.emplace_back(line.substr(0, colon), core::trimmed(line.substr(colon + 1)));
  }
}

bool valid_host(std::string_view host) {
  return !host.empty() && std::ranges::all_of(host, [](char c) {
    constexpr std::string_view kMarks = "-._~:[]";
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           kMarks.find(c) != std::string_view::npos;
  });
}

// Digits only: no sign, no space, no list. 18 of them cannot overflow.
std::optional<std::size_t> parse_length(std::string_view text) {
  if (text.empty() || text.size() > 18) return std::nullopt;
  std::size_t value = 0;
  for (const char c : text) {
    if (c < '0' || c > '9') return std::nullopt;
    value = value * 10 + static_cast<std::size_t>(c - '0');
  }
  return value;
}

// The fields that decide where the request ends, how its reply travels or who is asking. Each may
// come once: a proxy in front might believe the first and we the second.
struct Framing {
  std::optional<std::string_view> host, length, encoding, content_encoding, expect, connection;
  std::optional<std::string_view> authorization, content_type, idempotency_key, token;
};

std::optional<std::string_view>* framing_field(Framing& framing, std::string_view name) {
  const std::pair<std::string_view, std::optional<std::string_view>*> known[] = {
      {"Host", &framing.host},
      {"Content-Length", &framing.length},
      {"Transfer-Encoding", &framing.encoding},
      {"Content-Encoding", &framing.content_encoding},
      {"Expect", &framing.expect},
      {"Connection", &framing.connection},
      {"Authorization", &framing.authorization},
      {"Content-Type", &framing.content_type},
      {"Idempotency-Key", &framing.idempotency_key},
      {"Token", &framing.token},
  };
  for (const auto& [known_name, slot] : known) {
    if (equal_ignoring_case(known_name, name)) return slot;
  }
  return nullptr;
}

std::optional<WireRefusal> collect_framing(const Head& head, Framing& framing) {
  bool repeated = false;
  for (const auto& [name, value] : head.fields) {
    auto* slot = framing_field(framing, name);
    if (slot == nullptr) continue;
    repeated |= slot->has_value();
    *slot = value;
  }
  if (framing.encoding && framing.length) return kLengthAndEncoding;
  if (repeated) return kRepeated;
  return std::nullopt;
}

// "close" and "keep-alive" may stand in a list.
bool has_option(std::string_view list, std::string_view option) {
  while (!list.empty()) {
    const std::size_t comma = std::min(list.find(','), list.size());
    if (equal_ignoring_case(core::trimmed(list.substr(0, comma)), option)) return true;
    list.remove_prefix(std::min(comma + 1, list.size()));
  }
  return false;
}

std::optional<WireRefusal> apply_framing(const Framing& framing, Head& head) {
  if (!head.http_1_0 || framing.host) {
    if (!framing.host || !valid_host(*framing.host)) return kHost;
  }
  if (framing.length) {
    const auto length = parse_length(*framing.length);
    if (!length) return kBadLength;
    head.content_length = *length;
  }
  if (framing.encoding) {
    if (head.http_1_0) return kChunkedBefore11;
    if (!equal_ignoring_case(*framing.encoding, "chunked")) return kTransferEncoding;
    head.chunked = true;
  }
  const bool takes_body = head.method == "POST" || head.method == "PUT" || head.method == "PATCH";
  if ((head.content_length > 0 || head.chunked) && !takes_body) return kBodyNotAllowed;
  if (framing.content_encoding && !equal_ignoring_case(*framing.content_encoding, "identity")) {
    return kContentEncoding;
  }
  if (framing.expect) {
    if (!equal_ignoring_case(*framing.expect, "100-continue")) return kExpectation;
    head.expects_continue = !head.http_1_0;
  }
  const std::string_view connection = framing.connection.value_or("");
  head.keep_alive =
      head.http_1_0 ? has_option(connection, "keep-alive") : !has_option(connection, "close");
  return std::nullopt;
}

}  // namespace

std::optional<WireRefusal> HeadScanner::scan(std::string_view received) {
  for (; next_ < received.size() && size_ == 0; ++next_) {
    const char c = received[next_];
    if (next_ >= limits::kHeadMaxBytes) return kHeadTooLarge;
    const bool after_cr = next_ > 0 && received[next_ - 1] == '\r';
    if (after_cr != (c == '\n')) return kBadLineEnd;
    if (c == '\n') {
      if (auto refusal = end_line()) return refusal;
    } else if (is_control(c) && c != '\r') {
      return kBadCharacter;
    }
    // The longest method we know is 7 bytes.
    if (lines_ == 0 && next_ > limits::kTargetMaxBytes + 32) return kTargetTooLong;
  }
  return std::nullopt;
}

std::optional<WireRefusal> HeadScanner::end_line() {
  const bool empty = next_ - line_start_ == 1;  // only its CR
  line_start_ = next_ + 1;
  if (empty && lines_ == 0) return kBadRequestLine;
  if (empty) {
    size_ = next_ + 1;
  } else if (lines_++ > limits::kHeadFieldsMax) {
    return kTooManyFields;
  }
  return std::nullopt;
}

std::optional<WireRefusal> parse_head(std::string_view text, Head& head) {
  if (auto refusal = parse_request_line(take_line(text), head)) return refusal;
  if (auto refusal = parse_fields(text, head)) return refusal;
  Framing framing;
  if (auto refusal = collect_framing(head, framing)) return refusal;
  return apply_framing(framing, head);
}

}  // namespace coupon::http
