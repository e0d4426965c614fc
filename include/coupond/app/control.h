// ControlServer: answers commands on the data directory's control socket, on one thread of its own,
// one connection at a time. The other end is Desk.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <thread>

#include "coupond/core/result.h"
#include "coupond/service/engine.h"

namespace coupon::app {

class ControlServer {
 public:
  // Takes the socket's name and starts to answer. Fails where the file system has no sockets; then
  // commands that change data have to wait until the server stops.
  static core::Result<std::unique_ptr<ControlServer>> start(service::Engine& engine);

  ControlServer(const ControlServer&) = delete;
  ControlServer& operator=(const ControlServer&) = delete;
  // Ends the connection being served and removes the socket.
  ~ControlServer();

 private:
  ControlServer(service::Engine& engine, int listener, int waker);

  void work();
  void serve(int connection);
  std::string answer(const std::string& line);

  service::Engine& engine_;
  const int listener_;
  const int waker_;  // an eventfd: readable when it is time to end
  std::thread thread_;
};

}  // namespace coupon::app
