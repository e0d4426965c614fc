// ControlChannel: how a command reaches the HTTP API of a data directory. When a server owns the
// directory, it is asked over the directory's Unix socket; otherwise the channel takes the
// directory's lock and the same router answers within this process. The command does not see the
// difference. Either way the caller is the command line, which may do everything. One thread.
#pragma once

#include <memory>
#include <nlohmann/json_fwd.hpp>
#include <string>

#include "coupond/core/result.h"
#include "coupond/http/client.h"
#include "coupond/http/json.h"
#include "coupond/http/server.h"
#include "coupond/store/data_dir.h"

namespace coupon::app {

using http::Json;

// The server's end: a socket that only the owner can open, and no time limit on a command that
// reads slowly. Each connection costs a descriptor; no command waits for another.
http::ServerOptions control_options(const store::DataPaths& paths);

class ControlChannel {
 public:
  enum class IfMissing { kRefuse, kCreate };

  // Refused with one sentence when the directory can be neither reached nor owned, or when there is
  // no database in it and kRefuse is asked.
  static core::Result<ControlChannel> open(const std::string& data_dir, IfMissing if_missing);

  ControlChannel(ControlChannel&&) noexcept;
  ControlChannel& operator=(ControlChannel&&) = delete;
  ~ControlChannel();

  // The body of a 2xx reply; null where there is none or it was given to `receive`. Otherwise the
  // refusal's sentence and fields, as kStorageFull or kInternal.
  core::Result<Json> send(const http::ClientRequest& request);
  core::Result<Json> get(std::string target);
  // `body`: null sends none.
  core::Result<Json> call(std::string method, std::string target, const Json& body);

 private:
  struct Remote;
  struct InProcess;

  explicit ControlChannel(std::unique_ptr<Remote> remote);
  explicit ControlChannel(std::unique_ptr<InProcess> own);

  std::unique_ptr<Remote> remote_;  // one of these two
  std::unique_ptr<InProcess> own_;
};

}  // namespace coupon::app
