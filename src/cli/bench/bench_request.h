// HTTP requests as a benchmark sends them, and what it expects in return.
#pragma once

#include <string>
#include <string_view>

namespace coupon::cli {

// Appends a whole request. `session` and `body`, which is JSON, may be empty.
inline void write_request(std::string& out, std::string_view method_and_path,
                          std::string_view session, std::string_view body) {
  out.append(method_and_path).append(" HTTP/1.1\r\nHost: localhost\r\n");
  if (!session.empty()) out.append("Authorization: Bearer ").append(session).append("\r\n");
  if (!body.empty()) out.append("Content-Type: application/json\r\n");
  if (!method_and_path.starts_with("GET")) {
    out.append("Content-Length: ").append(std::to_string(body.size())).append("\r\n");
  }
  out.append("\r\n").append(body);
}

// The reply must have this status and, somewhere, this text.
inline auto expect(int status, std::string_view text) {
  return [status, text](int got, std::string_view body) {
    return got == status && body.find(text) != std::string_view::npos;
  };
}

}  // namespace coupon::cli
