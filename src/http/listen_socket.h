// The socket connections come in on. Used by one thread.
#pragma once

#include <string>

#include "coupond/core/descriptor.h"
#include "coupond/core/result.h"

namespace coupon::http {

class ListenSocket {
 public:
  ListenSocket() = default;
  ~ListenSocket() { close(); }
  ListenSocket(const ListenSocket&) = delete;
  ListenSocket& operator=(const ListenSocket&) = delete;

  // `host` is an address or "localhost"; port 0 takes any free one. SO_REUSEADDR only, so that a
  // restart need not wait and a second server cannot share the port. The error says what to do.
  core::Result<core::Done> open(const std::string& host, int port, int backlog);
  // A Unix socket for its owner alone. The path may be longer than an address has room for. Its
  // name is removed by close().
  core::Result<core::Done> open_unix(const std::string& path, int backlog);
  void close();

  int fd() const { return socket_.fd(); }
  int port() const { return port_; }

 private:
  core::Descriptor socket_;
  int port_ = 0;
  std::string unix_path_;
};

}  // namespace coupon::http
