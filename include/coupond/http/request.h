// One HTTP request, complete and within every limit: the server has refused the malformed, the
// oversized and the slow before a handler sees anything. Handlers read it on the worker that runs
// them; it is not shared between threads.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "coupond/core/types.h"

namespace coupon::http {

using NameValue = std::pair<std::string, std::string>;

struct Request {
  std::string method;       // "GET", "HEAD", "POST", "PUT", "PATCH", "DELETE" or "OPTIONS".
  bool http_1_0 = false;    // The client spoke HTTP/1.0: no chunked replies.
  std::string target_path;  // As sent, still percent-encoded, without the query; begins with '/'.

  // The path between slashes, each segment percent-decoded once. Valid UTF-8 without control
  // characters; "/" has none, and "/a/" has {"a", ""}.
  std::vector<std::string> segments;
  // The values of the {placeholders} of the matched route, in order. Filled by Router.
  std::vector<std::string> params;
  // The pattern of the matched route, for logs and metrics; empty when none matched. Filled by
  // Router and valid as long as it.
  std::string_view route;

  // Query parameters in order, decoded ('+' is a space), duplicates kept. Never log them.
  std::vector<NameValue> query;
  std::vector<NameValue> headers;  // In order, values trimmed, otherwise untouched.
  std::string body;

  std::string peer_address;    // The socket's other end: IPv4 or IPv6 text without port.
  std::string client_address;  // The client behind trusted proxies; else equal to peer_address.
  bool local = false;          // Came over a Unix socket that only its owner can open.
  bool https = false;          // A trusted proxy says that the client came over TLS.
  std::string request_id;      // The client's X-Request-Id where valid, else a new one.
  core::UnixMs received_at;    // When the request was complete, by the server's clock.

  // The first header of that name, in any case.
  std::optional<std::string_view> header(std::string_view name) const;
  // The first query parameter of that name; names are case-sensitive.
  std::optional<std::string_view> query_value(std::string_view name) const;
};

// ASCII only, as header names are.
bool equal_ignoring_case(std::string_view a, std::string_view b);

}  // namespace coupon::http
