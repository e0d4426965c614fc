// One keep-alive connection of the load generator: sends a request, reads its reply. One thread.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "coupond/core/descriptor.h"

namespace coupon::load {

class Client {
 public:
  enum class Progress { kWaiting, kReply, kBroken };

  // Connects, waiting; after that nothing here waits. False when it could not.
  bool connect(const std::string& address, int port);
  int fd() const { return socket_.fd(); }

  // The request to send: to be filled after the reply to the last one was read. Requests are small
  // and one at a time, so the kernel takes each whole; false when it did not.
  std::string& request() { return request_; }
  bool send();

  // Reads what has come. kReply: status() and body() are those of the reply until the next send().
  Progress receive();
  int status() const { return status_; }
  std::string_view body() const { return body_; }

  std::int64_t sent_ns = 0;
  std::uint64_t replies = 0;
  bool waiting = false;  // for a reply

 private:
  Progress parse();
  bool parse_head(std::string_view head);

  core::Descriptor socket_;
  std::string request_;
  std::string input_;
  std::size_t head_bytes_ = 0;  // 0: the head is not whole yet
  std::size_t body_bytes_ = 0;
  int status_ = 0;
  std::string_view body_;
};

}  // namespace coupon::load
