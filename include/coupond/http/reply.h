// What a handler answers. The server adds Content-Length, Connection, X-Request-Id and the security
// headers (security.md S29, S38); a handler sets only what is its own. A value, not shared.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "coupond/core/error.h"
#include "coupond/http/request.h"

namespace coupon::http {

struct Reply {
  int status = 200;
  std::string content_type;  // Empty when there is no body.
  std::string body;
  std::vector<NameValue> headers = {};  // Values with control characters are dropped, not sent.

  // When set, the body is what this gives, sent in chunks while it is made, and `body` is ignored.
  // Puts the next piece into `chunk` (handed over empty) and returns true, or returns false at the
  // end. Called on the worker of the request, again only once the last piece has left for the
  // client, so memory stays bounded: give at most about 64 KiB at a time. A throw cuts the
  // connection, so that a client cannot take a torn body for a whole one.
  std::function<bool(std::string& chunk)> stream = {};

  // When set, the body is this one text, which all who ask for it share while it is on its way.
  std::shared_ptr<const std::string> shared_body = {};

  // A browser may keep it, but has to ask each time whether it still holds. Otherwise nobody may.
  bool keepable = false;
  bool close = false;                        // Close the connection after this reply.
  std::optional<core::Reason> refused = {};  // Why, where it is a refusal: for counting.
};

inline constexpr std::string_view kJson = "application/json";
inline constexpr std::string_view kForm = "application/x-www-form-urlencoded";
inline constexpr std::string_view kProblemJson = "application/problem+json";
inline constexpr std::string_view kHtml = "text/html; charset=utf-8";
inline constexpr std::string_view kPlainText = "text/plain; charset=utf-8";

// `body` is JSON text already.
Reply json_reply(int status, std::string body);
Reply text_reply(int status, std::string body, std::string_view content_type = kPlainText);
// 204 without a body.
Reply empty_reply(int status = 204);

// "Not Found" for 404; "Unknown" for a status we never send.
std::string_view reason_phrase(int status);

}  // namespace coupon::http
