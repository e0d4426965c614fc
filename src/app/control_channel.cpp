#include "coupond/app/control_channel.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <nlohmann/json.hpp>
#include <thread>
#include <utility>

#include "coupond/core/descriptor.h"
#include "coupond/core/limits.h"
#include "coupond/http/uri.h"
#include "coupond/store/copy_duty.h"
#include "src/api/http_api.h"

namespace coupon::app {
namespace {

using core::refuse;
using http::ClientReply;
using http::ClientRequest;

// A page of a thousand campaigns with all their metadata.
constexpr http::JsonLimits kReplyLimits{.bytes_max = std::size_t{64} << 20, .depth_max = 32};
// A server that has just taken its directory opens its socket within this time.
constexpr int kTries = 50;
constexpr std::chrono::milliseconds kBetweenTries{20};
// As good as for ever: when the server ends, so does the connection.
constexpr http::Client::Options kPatient{.silence_max = std::chrono::hours(24)};

core::Result<std::unique_ptr<service::Engine>> own_engine(const std::string& data_dir) {
  service::Engine::Options options;
  options.data_dir = data_dir;
  options.demo = std::nullopt;
  auto engine = service::Engine::open(std::move(options));
  if (!engine.ok()) return engine.error();
  const service::Engine& opened = **engine;
  const auto refused = store::refuse_without_copy(opened.paths(), opened.facts().restore_epoch);
  if (refused) return *refused;
  return engine;
}

// The sentence and fields of an error body.
core::Error refusal_in(const ClientReply& reply) {
  const auto body = http::parse_json(reply.body, kReplyLimits);
  if (!body.ok() || !body->is_object() || !body->contains("detail")) {
    return refuse("The server answered with status " + std::to_string(reply.status) +
                  " and no sentence: is it another version than this command?");
  }
  const bool full = body->value("code", "") == core::name(core::Reason::kStorageFull);
  core::Error error{
      .reason = full ? core::Reason::kStorageFull : core::Reason::kInternal,
      .message = body->at("detail").get<std::string>(),
  };
  for (const Json& field : body->value("errors", Json::array())) {
    error.fields.push_back(
        {.field = field.value("field", ""), .message = field.value("message", "")});
  }
  return error;
}

}  // namespace

http::ServerOptions control_options(const store::DataPaths& paths) {
  constexpr int kHourMs = 3'600'000;
  constexpr int kForEverMs = 24 * kHourMs;
  http::ServerOptions options;
  options.unix_path = paths.socket;
  options.workers = 20;
  options.max_streams = 16;  // leaves workers to others
  options.max_connections = 256;
  options.body_limit = [](const http::Request&) { return core::limits::kImportBodyMaxBytes; };
  options.request_deadline_ms = kHourMs;
  options.write_timeout_ms = kForEverMs;
  return options;
}

// A server's socket. Opened before it is connected to, so that who owns it can be looked at, and so
// that its path may be longer than an address has room for.
struct ControlChannel::Remote {
  explicit Remote(const std::string& path)
      : socket(::open(path.c_str(), O_PATH | O_NOFOLLOW | O_CLOEXEC)),
        client(http::Client::of_socket("/proc/self/fd/" + std::to_string(socket.fd()), kPatient)) {}

  // Somebody else's socket, put there in a directory that all may write to, would be told
  // passwords.
  bool is_owners() const {
    struct stat info = {};
    return socket.is_open() && ::fstat(socket.fd(), &info) == 0 && S_ISSOCK(info.st_mode) &&
           (info.st_uid == ::geteuid() || info.st_uid == 0);
  }
  bool answers() { return client.send({.target = "/healthz"}).ok(); }

  core::Result<ClientReply> send(const ClientRequest& request) {
    auto reply = client.send(request);
    if (reply.ok()) return reply;
    return refuse(
        "The server stopped before it had answered. Look whether it was done, and repeat.");
  }

  const core::Descriptor socket;
  http::Client client;
};

// A server of our own without a socket.
struct ControlChannel::InProcess {
  explicit InProcess(std::unique_ptr<service::Engine> opened)
      : engine(std::move(opened)),
        jobs(*engine),
        http_api(*engine, jobs, api::Gate::Options{.rate_limits = false}) {}

  core::Result<ClientReply> send(const ClientRequest& asked) {
    http::Request request;
    request.method = asked.method;
    request.headers = asked.headers;
    request.body = asked.body;
    const std::size_t mark = std::min(asked.target.find('?'), asked.target.size());
    request.target_path = asked.target.substr(0, mark);
    const std::string_view query =
        std::string_view(asked.target).substr(std::min(mark + 1, asked.target.size()));
    if (!http::split_path(request.target_path, request.segments) ||
        !http::split_query(query, request.query)) {
      return refuse("A name holds a control character, or is not UTF-8.");
    }
    if (!asked.body.empty()) request.headers.emplace_back("Content-Type", asked.content_type);
    request.local = true;
    request.request_id = "cli";
    request.received_at = engine->clock()();
    http::Reply reply = http_api.handle(request);
    ClientReply answer{.status = reply.status, .body = std::move(reply.body)};
    for (std::string piece; reply.stream && reply.stream(piece); piece.clear()) {
      if (asked.receive && !asked.receive(piece)) break;
    }
    if (asked.receive && answer.status < 300 && !answer.body.empty()) {
      asked.receive(std::exchange(answer.body, {}));
    }
    return answer;
  }

  std::unique_ptr<service::Engine> engine;
  service::JobRunner jobs;
  api::HttpApi http_api;
};

ControlChannel::ControlChannel(std::unique_ptr<Remote> remote) : remote_(std::move(remote)) {}
ControlChannel::ControlChannel(std::unique_ptr<InProcess> own) : own_(std::move(own)) {}
ControlChannel::ControlChannel(ControlChannel&&) noexcept = default;
ControlChannel::~ControlChannel() = default;

core::Result<ControlChannel> ControlChannel::open(const std::string& data_dir,
                                                  IfMissing if_missing) {
  const store::DataPaths paths(data_dir);
  if (if_missing == IfMissing::kRefuse && !store::exists(paths.database)) {
    return refuse("There is no database in " + paths.directory +
                  ". Name the directory with --data, or make one with `coupond serve`.");
  }
  for (int tries = 0; tries < kTries && store::DataLock::holder(paths) != 0; ++tries) {
    auto remote = std::make_unique<Remote>(paths.socket);
    if (remote->is_owners() && remote->answers()) return ControlChannel(std::move(remote));
    std::this_thread::sleep_for(kBetweenTries);
  }
  auto engine = own_engine(data_dir);
  if (!engine.ok()) return engine.error();
  return ControlChannel(std::make_unique<InProcess>(std::move(engine.value())));
}

core::Result<Json> ControlChannel::send(const http::ClientRequest& request) {
  auto reply = own_ ? own_->send(request) : remote_->send(request);
  if (!reply.ok()) return reply.error();
  if (reply->status < 200 || reply->status >= 300) return refusal_in(*reply);
  if (reply->body.empty()) return Json();
  return http::parse_json(reply->body, kReplyLimits);
}

core::Result<Json> ControlChannel::get(std::string target) {
  return send({.target = std::move(target)});
}

core::Result<Json> ControlChannel::call(std::string method, std::string target, const Json& body) {
  return send({.method = std::move(method),
               .target = std::move(target),
               .body = body.is_null() ? std::string() : body.dump()});
}

}  // namespace coupon::app
