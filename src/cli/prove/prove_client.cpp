#include "src/cli/prove/prove_client.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include <array>
#include <cstdlib>
#include <string_view>

namespace coupon::cli {
namespace {

// Far beyond what a working server needs: a server that hangs must not hang the proof.
constexpr timeval kPatience{.tv_sec = 30, .tv_usec = 0};
constexpr std::string_view kLength = "\r\nContent-Length: ";

}  // namespace

ProveClient::ProveClient(int port) : fd_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
  const int yes = 1;
  ::setsockopt(fd_, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
  ::setsockopt(fd_, SOL_SOCKET, SO_RCVTIMEO, &kPatience, sizeof kPatience);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(static_cast<std::uint16_t>(port));
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  // A failure shows when something is sent.
  (void)::connect(fd_, reinterpret_cast<sockaddr*>(&address), sizeof address);
}

ProveClient::~ProveClient() {
  if (fd_ >= 0) ::close(fd_);
}

bool ProveClient::send(const std::string& bytes) {
  return ::send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL) ==
         static_cast<ssize_t>(bytes.size());
}

bool ProveClient::receive_more() {
  std::array<char, 16 * 1024> buffer;
  const ssize_t got = ::recv(fd_, buffer.data(), buffer.size(), 0);
  if (got > 0) input_.append(buffer.data(), static_cast<std::size_t>(got));
  return got > 0;
}

ProveReply ProveClient::post(const std::string& path, const std::string& api_key,
                             const std::string& key, const std::string& json) {
  const bool sent = send("POST " + path +
                         " HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json"
                         "\r\nAuthorization: Bearer " +
                         api_key + "\r\nIdempotency-Key: " + key +
                         "\r\nContent-Length: " + std::to_string(json.size()) + "\r\n\r\n" + json);
  std::size_t head = std::string::npos;
  while (sent && (head = input_.find("\r\n\r\n")) == std::string::npos) {
    if (!receive_more()) break;
  }
  const std::size_t length = input_.find(kLength);
  if (head == std::string::npos || length > head) return {};
  const std::size_t bytes = std::strtoul(input_.c_str() + length + kLength.size(), nullptr, 10);
  while (input_.size() < head + 4 + bytes) {
    if (!receive_more()) return {};
  }
  ProveReply reply{.status = std::atoi(input_.c_str() + std::string_view("HTTP/1.1 ").size()),
                   .body = input_.substr(head + 4, bytes)};
  input_.erase(0, head + 4 + bytes);
  return reply;
}

}  // namespace coupon::cli
