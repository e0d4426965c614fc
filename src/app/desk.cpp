#include "coupond/app/desk.h"

#include <sys/socket.h>

#include <chrono>
#include <nlohmann/json.hpp>
#include <thread>
#include <utility>

#include "coupond/store/data_dir.h"
#include "src/app/line_socket.h"

namespace coupon::app {
namespace {

constexpr http::JsonLimits kLimits{.bytes_max = std::size_t{4} << 20, .depth_max = 16};
// A server that has just taken its directory opens its socket within this time.
constexpr int kTries = 50;
constexpr std::chrono::milliseconds kBetweenTries{20};

core::Error refuse(std::string message) {
  return {.reason = core::Reason::kInternal, .message = std::move(message)};
}

Fd connect_to(const std::string& path) {
  const SocketAddress address(path);
  Fd fd(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  if (!address.ok() || !fd.ok()) return Fd();
  if (::connect(fd.get(), address.get(), address.size()) != 0) return Fd();
  return fd;
}

core::Result<std::unique_ptr<service::Engine>> own(const std::string& data_dir) {
  service::Engine::Options options;
  options.data_dir = data_dir;
  options.demo = std::nullopt;
  return service::Engine::open(std::move(options));
}

}  // namespace

// The end of a command that asks a server.
class Desk::Client {
 public:
  explicit Client(Fd fd) : fd_(std::move(fd)), socket_(fd_.get()) {}

  core::Result<Json> call(std::string_view action, const Json& in) {
    const Json request{{"action", action}, {"in", in}};
    std::optional<std::string> line;
    if (socket_.write_line(request.dump())) line = socket_.read_line(-1);
    if (!line) {
      return refuse("The server stopped before it answered. Look whether it was done, and repeat.");
    }
    auto reply = http::parse_json(*line, kLimits);
    if (!reply.ok()) return reply.error();
    if (reply->contains("error")) return refuse(reply->at("error").get<std::string>());
    return Json(std::move(reply->at("out")));
  }

 private:
  Fd fd_;
  LineSocket socket_;
};

Desk::Desk(std::unique_ptr<service::Engine> engine) : engine_(std::move(engine)) {}
Desk::Desk(std::unique_ptr<Client> client) : client_(std::move(client)) {}
Desk::Desk(Desk&&) noexcept = default;
Desk::~Desk() = default;

core::Result<Desk> Desk::open(const std::string& data_dir, IfMissing if_missing) {
  const store::DataPaths paths(data_dir);
  if (if_missing == IfMissing::kRefuse && !store::exists(paths.database)) {
    return refuse("There is no database in " + paths.directory +
                  ". Name the directory with --data, or make one with `coupond serve`.");
  }
  for (int tries = 0; tries < kTries; ++tries) {
    if (store::DataLock::holder(paths) == 0) break;
    if (Fd fd = connect_to(paths.socket); fd.ok()) {
      return Desk(std::make_unique<Client>(std::move(fd)));
    }
    std::this_thread::sleep_for(kBetweenTries);
  }
  auto engine = own(data_dir);
  if (!engine.ok()) return engine.error();
  return Desk(std::move(engine.value()));
}

core::Result<Json> Desk::call(std::string_view action, const Json& in) {
  return engine_ ? perform(*engine_, action, in) : client_->call(action, in);
}

}  // namespace coupon::app
