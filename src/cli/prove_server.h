// This very program as a server, for `prove` to work on, kill and start again. One thread.
#pragma once

#include <sys/types.h>

#include <memory>
#include <string>

#include "coupond/core/result.h"

namespace coupon::cli {

class ProveServer {
 public:
  // Starts it on a free loopback port; its log goes to the file `data_dir`.log. Refused, with that
  // file's name, when there is no process to be had.
  static core::Result<std::unique_ptr<ProveServer>> launch(const std::string& data_dir);

  ProveServer(const ProveServer&) = delete;
  ProveServer& operator=(const ProveServer&) = delete;
  // kill()
  ~ProveServer();

  // Waits for its banner. False when it ended instead, or took more than a minute.
  bool wait_until_ready();
  int port() const { return port_; }

  // kill -9; returns when the process is gone.
  void kill();

 private:
  ProveServer(pid_t pid, int output) : pid_(pid), output_(output) {}

  pid_t pid_;
  const int output_;  // its standard output
  int port_ = 0;
};

}  // namespace coupon::cli
