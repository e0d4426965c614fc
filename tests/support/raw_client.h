// A bare TCP client for tests that send what no HTTP library would. Each object is used by one
// thread. Failures of the transport throw std::runtime_error; waits end after kPatienceMs, which is
// far beyond what a working server needs, so no test measures speed.
#pragma once

#include <string>
#include <string_view>

namespace coupon::test {

inline constexpr int kPatienceMs = 20'000;

class RawClient {
 public:
  // Connects to 127.0.0.1. A small `receive_buffer_bytes` makes a slow reader.
  explicit RawClient(int port, int receive_buffer_bytes = 0);
  ~RawClient();
  RawClient(RawClient&& other) noexcept;
  RawClient& operator=(RawClient&& other) noexcept;

  // Sends everything. False when the server has closed before.
  bool send(std::string_view bytes);
  // Says that nothing more will come, and can still receive.
  void finish_sending();
  // Receives until `marker` has come; gives everything received since the last call. Throws at the
  // end of the stream.
  std::string read_until(std::string_view marker);
  // Receives at least one byte; empty at the end of the stream or after a reset.
  std::string read_some();
  // Everything until the server closes. Throws when it does not.
  std::string read_to_end();
  // True when nothing has come and the server has not closed, after waiting for `ms`.
  bool quiet_for(int ms);
  // Closes with a reset.
  void abort();

 private:
  int fd_ = -1;
  std::string received_;
};

}  // namespace coupon::test
