#include "coupond/app/app.h"

#include <atomic>
#include <thread>

#include "coupond/app/control_channel.h"
#include "coupond/app/describe.h"
#include "coupond/app/member.h"
#include "coupond/app/server_address.h"
#include "coupond/core/mutex.h"
#include "coupond/core/net.h"
#include "coupond/http/server.h"
#include "coupond/service/accounts.h"
#include "coupond/service/demo.h"
#include "coupond/service/engine.h"
#include "coupond/service/setup.h"
#include "coupond/store/cluster_note.h"
#include "coupond/store/follow.h"
#include "src/api/http_api.h"
#include "src/app/banner.h"
#include "src/app/copier.h"
#include "src/app/housekeeper.h"
#include "src/app/listening.h"
#include "src/app/service_manager.h"
#include "src/app/signal_waiter.h"
#include "src/app/telemetry.h"

namespace coupon::app {
namespace {

using core::refuse;
using http::Server;
using service::Engine;

http::ServerOptions server_options(const Settings& settings, std::size_t max_connections,
                                   http::TrustedProxies proxies, http::AllowedOrigins origins,
                                   const api::HttpApi& http_api) {
  http::ServerOptions options;
  options.host = settings.host;
  options.port = settings.port;
  options.max_connections = max_connections;
  // On a network, nobody alone can take them all; on loopback there is only one address.
  if (!is_loopback(settings.host)) {
    options.max_connections_per_address = (max_connections + 1) / 2;
  }
  options.trusted_proxies = std::move(proxies);
  options.allowed_origins = std::move(origins);
  options.body_limit = [&http_api](const http::Request& head) { return http_api.body_limit(head); };
  return options;
}

http::ServerHooks server_hooks(core::Log& log, Telemetry& telemetry, api::HttpApi& http_api) {
  return {.on_request =
              [&](const http::Request& request, int status, std::int64_t duration_us) {
                telemetry.on_request(request.method, request.route, status, duration_us);
                log.info("request", {{"id", request.request_id},
                                     {"method", request.method},
                                     {"route", request.route},
                                     {"status", status},
                                     {"us", duration_us}});
              },
          .on_refusal =
              [&](std::string_view peer, int status, std::string_view code) {
                telemetry.on_refused_connection(status);
                log.debug("refused", {{"peer", peer}, {"status", status}, {"code", code}});
              },
          .on_distrusted =
              [&](std::string_view peer) {
                http_api.note_distrusted();
                log.warn("forwarded_header_ignored",
                         {{"peer", peer},
                          {"remedy", "if this is your proxy, name it with --trusted-proxy"}});
              },
          .on_fault =
              [&log](std::string_view id, std::string_view what) {
                log.error("fault", {{"id", id}, {"what", what}});
              }};
}

}  // namespace

// In the order in which they need each other.
struct App::Parts {
  Parts(Settings given, std::unique_ptr<Member> as)
      : settings(std::move(given)),
        member(std::move(as)),
        log(settings.log_format),
        signal_waiter([this] { stop_serving(); }) {}

  core::Result<core::Done> build();
  core::Result<core::Done> open_engine();
  core::Result<core::Done> make_first_admin();
  void make_setup_link();
  Engine::Options engine_options();
  void on_fatal(const std::string& why);
  void on_deposed(const std::string& why);
  void stop_serving();
  http::Reply answer(http::Request& request) const;
  void set_serving(Server* now);
  void end_serving() COUPOND_REQUIRES(mutex);
  void open_control_socket();
  void serve_commands();

  const Settings settings;
  const std::unique_ptr<Member> member;  // null: of no cluster
  core::Log log;
  Telemetry telemetry;
  std::atomic<bool> failed = false;
  core::Mutex mutex;
  Server* serving COUPOND_GUARDED_BY(mutex) = nullptr;
  bool stopping COUPOND_GUARDED_BY(mutex) = false;
  SignalWaiter signal_waiter;
  Connections connections;
  bool has_admin = false;
  std::string setup_token;         // empty: no set-up link
  std::unique_ptr<Copier> copier;  // null: no copy is kept
  service::DemoClock demo_clock;
  std::unique_ptr<Engine> engine;
  std::unique_ptr<service::JobRunner> jobs;
  std::unique_ptr<api::HttpApi> http_api;
  std::unique_ptr<Server> server;
  std::unique_ptr<Server> control;  // for commands; null where the file system has no sockets
  std::unique_ptr<Housekeeper> housekeeper;
};

Engine::Options App::Parts::engine_options() {
  Engine::Options options;
  options.data_dir = settings.data_dir;
  options.demo = settings.demo;
  if (settings.demo) {
    // A new one has a past from its first entry on.
    if (!store::has_database(store::DataPaths(settings.data_dir))) demo_clock.go_back();
    options.clock = demo_clock.as_clock();
  }
  options.accept_loss = settings.accept_loss;
  options.writer.durability = settings.durability;
  options.observer.fatal = [this](const std::string& why) { on_fatal(why); };
  options.observer.notice = [this](const std::string& what) {
    log.warn("database", {{"what", what}});
    // What takes long at a start says so every ten seconds: it is not to be ended for being slow.
    tell_service_manager("EXTEND_TIMEOUT_USEC=60000000");
  };
  options.observer.batch = [this](const store::BatchReport& report) {
    telemetry.on_batch(report);
    if (report.slow_operations.empty()) return;
    std::string names;
    for (const char* name : report.slow_operations) names += std::string(" ") + name;
    log.warn("slow_batch",
             {{"us", report.total_us}, {"commit_us", report.commit_us}, {"operations", names}});
  };
  return options;
}

// A directory that followed a copy becomes the shop; a copy is kept from the first change on.
core::Result<core::Done> App::Parts::open_engine() {
  Engine::Options options = engine_options();
  const store::DataPaths paths(settings.data_dir);
  const auto promoted = store::promote(paths, options.clock, options.observer.notice);
  if (!promoted.ok()) return promoted.error();
  if (!member && settings.cluster.forget) {
    if (const auto left = store::forget_member(paths); !left.ok()) return left.error();
  }
  if (!settings.copy.directory.empty()) copier = std::make_unique<Copier>(settings.copy, log);
  options.writer.changes = copier.get();
  if (member) {
    options.in_cluster = true;
    options.writer.changes = &member->changes();
    member->copy_to(copier.get());
  }
  auto opened = Engine::open(std::move(options));
  if (!opened.ok()) return opened.error();
  engine = std::move(opened.value());
  if (member) {
    if (const auto noted = member->note_takeover(*engine); !noted.ok()) {
      return refuse("This member took the lead and lost it before etcd had its first change (" +
                    describe(noted.error()) + "). It leaves, to be started anew.");
    }
  }
  return copier ? copier->start(*engine) : no_copy(*engine, settings.copy);
}

core::Result<core::Done> App::Parts::build() {
  if (auto error = exposed(settings)) return *error;
  connections = connections_that_fit(settings.max_connections);
  if (connections.fit == 0) {
    return refuse(
        "This process may open " + std::to_string(connections.open_files) +
        " files, too few for one client beside the database: raise the limit (ulimit -n).");
  }
  auto proxies = http::TrustedProxies::parse(settings.trusted_proxies);
  if (!proxies.ok()) return proxies.error();
  auto origins = http::AllowedOrigins::parse(settings.allowed_origins);
  if (!origins.ok()) return origins.error();
  if (const auto open = open_engine(); !open.ok()) return open.error();
  if (settings.demo) {
    if (const auto loaded = service::load_demo(*engine, &demo_clock); !loaded.ok()) {
      return loaded.error();
    }
  }
  if (const auto made = make_first_admin(); !made.ok()) return made.error();
  if (!has_admin) make_setup_link();
  if (const auto odd = engine->writer().time().oddity()) log.warn("clock", {{"what", *odd}});
  service::JobRunner::Options job_options;
  job_options.notice = [this](const std::string& what) { log.warn("job", {{"what", what}}); };
  jobs = std::make_unique<service::JobRunner>(*engine, std::move(job_options));
  http_api = std::make_unique<api::HttpApi>(
      *engine, *jobs, api::Gate::Options{.rate_limits = settings.rate_limits},
      api::SystemSources{.metrics =
                             [this] {
                               return telemetry.text(*engine, http_api->refusals(), copier.get(),
                                                     member.get());
                             },
                         .checks =
                             [this] {
                               std::vector<service::Check> checks;
                               if (copier) checks.push_back(copier->check());
                               if (member) checks.push_back(member->check());
                               return checks;
                             }});
  server = std::make_unique<Server>(
      server_options(settings, connections.fit, std::move(proxies.value()),
                     std::move(origins.value()), *http_api),
      [this](http::Request& request) { return answer(request); }, engine->clock(), engine->random(),
      server_hooks(log, telemetry, *http_api));
  if (member) member->stop_answering();
  if (const auto bound = server->bind(); !bound.ok()) return bound.error();
  open_control_socket();
  housekeeper = std::make_unique<Housekeeper>(*engine, log);
  return core::Done{};
}

// Without it, commands that change data have to wait until the server stops.
void App::Parts::open_control_socket() {
  control = std::make_unique<Server>(
      control_options(engine->paths()), [this](http::Request& request) { return answer(request); },
      engine->clock(), engine->random(), server_hooks(log, telemetry, *http_api));
  if (const auto bound = control->bind(); !bound.ok()) {
    log.warn("no_control_socket", {{"why", describe(bound.error())}});
    control.reset();
  }
}

void App::Parts::serve_commands() {
  if (!control) return;
  try {
    control->serve();
  } catch (const std::exception& error) {  // no threads to be had
    log.warn("no_control_socket", {{"why", error.what()}});
  }
}

core::Result<core::Done> App::Parts::make_first_admin() {
  const auto found = engine->readers().read<bool>([](store::Connection& connection) {
    return core::Result<bool>(service::has_admin(connection));
  });
  if (!found.ok()) return found.error();
  has_admin = *found;
  if (has_admin || !settings.first_admin) return core::Done{};
  const auto hash = hash_new_password(*engine, settings.first_admin->password);
  if (!hash.ok()) return refuse("COUPOND_ADMIN_PASSWORD: " + describe(hash.error()) + ".");
  const auto made = engine->writer().run<service::UserChange>("admin.first", [&](store::Tx& tx) {
    return create_first_admin(tx, *engine,
                              {.email = settings.first_admin->email, .password_hash = *hash});
  });
  if (!made.ok()) return refuse("COUPOND_ADMIN_EMAIL: " + describe(made.error()) + ".");
  has_admin = true;
  return core::Done{};
}

// Without one there still is the command: no reason not to serve.
void App::Parts::make_setup_link() {
  auto made = service::make_setup_token(*engine);
  if (made.ok()) {
    setup_token = *std::move(made);
  } else {
    log.warn("no_setup_link", {{"why", describe(made.error())}});
  }
}

void App::Parts::on_fatal(const std::string& why) {
  log.error("commit_failed", {{"why", why}});
  failed = true;
  signal_waiter.ask_to_stop();
}

void App::Parts::on_deposed(const std::string& why) {
  log.error("deposed", {{"why", why}, {"what", "this process leaves, to be started anew"}});
  failed = true;
  signal_waiter.ask_to_stop();
}

void App::Parts::stop_serving() {
  tell_service_manager("STOPPING=1");
  const core::MutexLock lock(mutex);
  stopping = true;
  end_serving();
}

// What a member says after it was cut off may be old, unless its writer decided it.
http::Reply App::Parts::answer(http::Request& request) const {
  if (!member || asks_for_state(request)) return http_api->handle(request);
  if (!member->may_answer()) return member->refusal(request);
  http::Reply reply = http_api->handle(request);
  const bool reads = request.method == "GET" || request.method == "HEAD";
  return reads && !member->may_answer() ? member->refusal(request) : std::move(reply);
}

void App::Parts::set_serving(Server* now) {
  const core::MutexLock lock(mutex);
  serving = now;
  if (stopping) end_serving();
}

void App::Parts::end_serving() {
  if (serving == nullptr) return;
  http_api->end_waits();
  serving->stop();
  if (control) control->stop();
}

core::Result<std::unique_ptr<App>> App::open(Settings settings, std::unique_ptr<Member> member) {
  auto parts = std::make_unique<Parts>(std::move(settings), std::move(member));
  if (const auto built = parts->build(); !built.ok()) return built.error();
  if (parts->member) {
    parts->member->on_end([self = parts.get()](const std::string& why) { self->on_deposed(why); });
  }
  std::unique_ptr<App> app(new App(std::move(parts)));
  // Before anybody reads the banner and asks for the server by its directory.
  note_serving(app->parts_->engine->paths(), local_url(app->parts_->settings.host, app->port()));
  return app;
}

App::App(std::unique_ptr<Parts> parts) : parts_(std::move(parts)) {}
App::~App() = default;

int App::port() const { return parts_->server->port(); }

std::string App::banner() const {
  const Settings& settings = parts_->settings;
  return banner_text({.settings = settings,
                      .port = port(),
                      .connections = parts_->connections,
                      .clock = parts_->engine->writer().time().oddity(),
                      .copy = parts_->copier ? parts_->copier->banner() : std::string(),
                      .cluster = parts_->member ? parts_->member->leading() : std::string(),
                      .has_admin = parts_->has_admin,
                      .setup_token = parts_->setup_token});
}

bool App::serve() {
  parts_->set_serving(parts_->server.get());
  const std::string url = local_url(parts_->settings.host, port());
  tell_service_manager("READY=1\nSTATUS=serving " + url);
  std::thread commands;
  try {
    commands = std::thread([this] { parts_->serve_commands(); });
    parts_->server->serve();
  } catch (...) {  // no threads to be had
    parts_->stop_serving();
    if (commands.joinable()) commands.join();
    parts_->set_serving(nullptr);
    throw;
  }
  commands.join();
  parts_->set_serving(nullptr);
  forget_serving(parts_->engine->paths());
  parts_->housekeeper.reset();
  parts_->jobs->stop();
  parts_->engine->stop();
  if (parts_->copier) parts_->copier->stop();
  if (parts_->member) parts_->member->resign();
  return !parts_->failed;
}

void App::stop() noexcept { parts_->signal_waiter.ask_to_stop(); }

}  // namespace coupon::app
