// Desk: where a command brings its work. It owns the data directory for the time of the command or,
// when a server owns it, asks that server through the directory's control socket; the command does
// not see the difference. One thread.
//
// On the socket: one JSON object a line, {"action", "in"} there and {"out"} or {"error"} back. Only
// processes of the same user, and root, are answered.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "coupond/app/actions.h"
#include "coupond/core/result.h"
#include "coupond/service/engine.h"

namespace coupon::app {

class Desk {
 public:
  enum class IfMissing { kRefuse, kCreate };

  // Refused with one sentence when the directory can be neither owned nor reached, or when there is
  // no database in it and kRefuse is asked.
  static core::Result<Desk> open(const std::string& data_dir, IfMissing if_missing);

  Desk(Desk&&) noexcept;
  Desk& operator=(Desk&&) = delete;
  ~Desk();

  // See perform(). kInternal, with a sentence, when the server went away.
  core::Result<Json> call(std::string_view action, const Json& in);

 private:
  class Client;

  explicit Desk(std::unique_ptr<service::Engine> engine);
  explicit Desk(std::unique_ptr<Client> client);

  std::unique_ptr<service::Engine> engine_;  // one of these two
  std::unique_ptr<Client> client_;
};

}  // namespace coupon::app
