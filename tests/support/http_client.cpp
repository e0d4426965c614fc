#include "tests/support/http_client.h"

#include <algorithm>
#include <stdexcept>

#include "coupond/http/request.h"

namespace coupon::test {

std::string HttpResponse::header(std::string_view name) const {
  for (const auto& [key, value] : headers) {
    if (http::equal_ignoring_case(key, name)) return value;
  }
  return {};
}

HttpResponse HttpClient::post(std::string_view path, std::string_view json, Headers headers) {
  const bool typed = std::ranges::any_of(
      headers, [](const auto& h) { return http::equal_ignoring_case(h.first, "Content-Type"); });
  if (!typed) headers.emplace_back("Content-Type", "application/json");
  return send("POST", path, headers, json);
}

HttpResponse HttpClient::send(std::string_view method, std::string_view path,
                              const Headers& headers, std::string_view body) {
  std::string text;
  text.append(method).append(" ").append(path).append(" HTTP/1.1\r\nHost: localhost\r\n");
  for (const auto& [name, value] : headers) text.append(name + ": " + value + "\r\n");
  if (!body.empty() || method == "POST" || method == "PUT" || method == "PATCH") {
    text += "Content-Length: " + std::to_string(body.size()) + "\r\n";
  }
  text.append("\r\n").append(body);

  // A server may close an idle connection at any time; what shows before we send is not an error.
  if (connection_ && !connection_->quiet_for(0)) disconnect();
  if (!connection_) {
    connection_.emplace(port_);
    input_.clear();
  }
  // A refusal may come, and the connection close, before all is sent; it is read all the same.
  (void)connection_->send(text);
  HttpResponse response = receive(method != "HEAD");
  if (response.closed) disconnect();
  return response;
}

HttpResponse HttpClient::receive(bool has_body) {
  HttpResponse response;
  do {
    const std::string status_line = take_line();
    if (status_line.size() < 12) throw std::runtime_error("bad status line: " + status_line);
    response = {};
    response.status = std::stoi(status_line.substr(9, 3));
    for (std::string line = take_line(); !line.empty(); line = take_line()) {
      const std::size_t colon = line.find(": ");
      if (colon == std::string::npos) throw std::runtime_error("bad header: " + line);
      response.headers.emplace_back(line.substr(0, colon), line.substr(colon + 2));
    }
  } while (response.status == 100);
  response.closed = response.header("Connection") == "close";
  if (has_body) response.body = receive_body(response);
  return response;
}

std::string HttpClient::receive_body(const HttpResponse& response) {
  const auto take = [this](std::size_t bytes) {
    need(bytes);
    std::string taken = input_.substr(0, bytes);
    input_.erase(0, bytes);
    return taken;
  };
  if (response.header("Transfer-Encoding") != "chunked") {
    const std::string length = response.header("Content-Length");
    return length.empty() ? std::string() : take(std::stoul(length));
  }
  std::string body;
  for (;;) {
    const std::size_t bytes = std::stoul(take_line(), nullptr, 16);
    body += take(bytes);
    if (take_line() != "") throw std::runtime_error("bad end of chunk");
    if (bytes == 0) return body;
  }
}

void HttpClient::need(std::size_t bytes) {
  while (input_.size() < bytes) {
    const std::string more = connection_->read_some();
    if (more.empty()) {
      disconnect();
      throw std::runtime_error("the server closed before its reply was complete");
    }
    input_ += more;
  }
}

std::string HttpClient::take_line() {
  std::size_t end;
  while ((end = input_.find("\r\n")) == std::string::npos) need(input_.size() + 1);
  std::string line = input_.substr(0, end);
  input_.erase(0, end + 2);
  return line;
}

}  // namespace coupon::test
