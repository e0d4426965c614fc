// One keep-alive connection to the server that `prove` works on. One thread.
#pragma once

#include <string>

namespace coupon::cli {

struct ProveReply {
  int status = 0;  // 0: the server gave none, and nobody knows what became of the request
  std::string body;
};

class ProveClient {
 public:
  // Connects to 127.0.0.1. A connection that cannot be made shows at the first post().
  explicit ProveClient(int port);
  ProveClient(const ProveClient&) = delete;
  ProveClient& operator=(const ProveClient&) = delete;
  ~ProveClient();

  // `key` is sent as Idempotency-Key. After a status of 0 the connection is of no more use.
  ProveReply post(const std::string& path, const std::string& api_key, const std::string& key,
                  const std::string& json);

 private:
  bool send(const std::string& bytes);
  bool receive_more();

  int fd_;
  std::string input_;
};

}  // namespace coupon::cli
