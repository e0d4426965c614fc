#include "coupond/app/member.h"

#include <poll.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <exception>
#include <thread>
#include <utility>

#include "coupond/app/describe.h"
#include "coupond/app/server_address.h"
#include "coupond/cluster/leader.h"
#include "coupond/cluster/standby.h"
#include "coupond/core/count_text.h"
#include "coupond/core/mutex.h"
#include "coupond/core/random.h"
#include "coupond/core/time_text.h"
#include "coupond/http/json.h"
#include "coupond/http/problem.h"
#include "coupond/http/server.h"
#include "coupond/service/engine.h"
#include "coupond/store/follow.h"
#include "coupond_version.h"
#include "src/app/listening.h"
#include "src/app/service_manager.h"

namespace coupon::app {
namespace {

using cluster::Leader;
using cluster::SharedLog;
using cluster::Standby;
using core::Done;
using core::refuse;
using core::Result;

constexpr int kLookEveryMs = 100;
constexpr std::size_t kMebibyte = std::size_t{1} << 20;

// Part of a key in etcd, and of sentences.
bool is_name(const std::string& name) {
  return !name.empty() && name.size() <= 64 && std::all_of(name.begin(), name.end(), [](char c) {
    return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '.' || c == '_' || c == '-';
  });
}

std::string host_name() {
  std::array<char, 256> name{};
  ::gethostname(name.data(), name.size() - 1);
  return name.data();
}

std::optional<core::Error> unfit(const Settings& settings) {
  const auto wrong = [](std::string message) {
    return refuse(std::move(message), core::Reason::kInvalidRequest);
  };
  const auto etcd = cluster::Etcd::of_url(settings.cluster.etcd);
  if (!etcd.ok()) return wrong("--cluster: " + etcd.error().message);
  if (!is_name(settings.cluster.member)) {
    return wrong(
        "A member's name has up to 64 letters, digits, dots, dashes and underscores, and \"" +
        settings.cluster.member + "\" has not: name it with --member.");
  }
  if (settings.demo) return wrong("A demo is no member of a cluster: leave out --demo.");
  if (settings.durability != store::Durability::kFull) {
    return wrong(
        "A member of a cluster says what it has durably, so --cluster needs --durability full.");
  }
  if (settings.copy.sync) {
    return wrong(
        "With --cluster the answers wait for etcd, and not for a copy too: leave out --copy-sync. "
        "--copy goes with it.");
  }
  return exposed(settings);
}

bool has_path(const http::Request& request, std::string_view path) {
  return request.target_path == path;
}

http::Reply not_leader(const http::Request& request, const std::string& why) {
  http::Reply reply = http::problem_reply(request.request_id, 503, "not_leader", why);
  reply.headers.emplace_back("Retry-After", "1");
  return reply;
}

}  // namespace

bool asks_for_state(const http::Request& request) {
  return has_path(request, "/healthz") || has_path(request, "/readyz") ||
         has_path(request, "/metrics");
}

struct Member::Parts {
  explicit Parts(const Settings& given)
      : settings(given), paths(given.data_dir), log(given.log_format) {}
  ~Parts();

  Result<Done> bind();
  Result<bool> make_database();
  Result<bool> follow(int stop_fd);
  void show(const Standby::State& now);
  void tell(const std::string& trouble);
  void note_trouble(const std::string& trouble);
  http::Reply answer(const http::Request& request) const;
  Standby::State state() const {
    const core::MutexLock lock(mutex);
    return shown;
  }
  std::string who_leads() const;
  std::string url() const { return local_url(settings.host, server->port()); }

  const Settings settings;
  const store::DataPaths paths;
  core::Log log;
  std::unique_ptr<http::Server> server;  // of the standby
  std::thread answers;
  mutable core::Mutex mutex;
  Standby::State shown COUPOND_GUARDED_BY(mutex);
  std::unique_ptr<Leader> leader;  // null: follows
};

Member::Parts::~Parts() {
  if (server) server->stop();
  if (answers.joinable()) answers.join();
}

Member::Member(std::unique_ptr<Parts> parts) : parts_(std::move(parts)) {}
Member::~Member() = default;

Result<std::unique_ptr<Member>> Member::open(Settings settings) {
  if (settings.cluster.member.empty()) settings.cluster.member = host_name();
  if (auto error = unfit(settings)) return *error;
  const store::DataPaths paths(settings.data_dir);
  if (const auto made = store::make_data_dir(paths); !made.ok()) return made.error();
  if (auto error = store::refuse_follower(paths)) return *error;
  auto parts = std::make_unique<Parts>(settings);
  const auto bound = parts->bind();
  std::unique_ptr<Member> member(new Member(std::move(parts)));
  if (!bound.ok()) return bound.error();
  return member;
}

Result<Done> Member::Parts::bind() {
  http::ServerOptions options;
  options.host = settings.host;
  options.port = settings.port;
  options.workers = 4;
  options.max_connections = std::max<std::size_t>(1, connections_that_fit(1024).fit);
  server = std::make_unique<http::Server>(
      std::move(options), [this](http::Request& request) { return answer(request); },
      core::system_clock_now, core::system_random);
  const auto bound = server->bind();
  if (!bound.ok()) return bound.error();
  answers = std::thread([this] { server->serve(); });
  return Done{};
}

int Member::port() const { return parts_->server->port(); }

std::string Member::banner() const {
  const ClusterSettings& cluster = parts_->settings.cluster;
  return "coupond " + std::string(kVersion) + "\n  member      " + cluster.member + " of " +
         cluster.etcd + ", follows until it leads\n  answering   " + parts_->url() + "\n";
}

std::string Member::leading() const {
  return "  cluster     " + parts_->settings.cluster.member + " leads, term " +
         std::to_string(parts_->leader->figures().term) + ", in " + parts_->settings.cluster.etcd +
         "\n";
}

// True: there is one. False: etcd could not be asked yet whether there may be a new one.
Result<bool> Member::Parts::make_database() {
  if (store::has_database(paths)) return true;
  auto etcd = cluster::Etcd::of_url(settings.cluster.etcd);
  if (!etcd.ok()) return etcd.error();
  const auto others = SharedLog::holds_any(etcd.value());
  if (!others.ok()) {
    tell(others.error().message);
    return false;
  }
  if (*others && !settings.cluster.forget) {
    return refuse("There is no database in " + paths.directory + ", and the etcd at " +
                  settings.cluster.etcd +
                  " holds a shop. To make this directory a member, seed it: `coupond backup FILE "
                  "--with-key` where its leader is, and `coupond restore FILE --as-copy` here. For "
                  "a second shop in the same etcd, start once with --cluster-forget.");
  }
  auto engine = service::Engine::open({.data_dir = settings.data_dir});
  if (!engine.ok()) return engine.error();
  return true;
}

Result<bool> Member::follow() {
  tell_service_manager("READY=1\nSTATUS=following");
  const core::Descriptor stop = stop_signals_fd(0);
  return parts_->follow(stop.fd());
}

Result<bool> Member::Parts::follow(int stop_fd) {
  const auto told_to_stop = [&](int wait_ms) {
    pollfd stop{.fd = stop_fd, .events = POLLIN, .revents = 0};
    return ::poll(&stop, 1, wait_ms) > 0;
  };
  while (true) {
    const auto there = make_database();
    if (!there.ok()) return there.error();
    if (*there) break;
    if (told_to_stop(kLookEveryMs)) return false;
  }
  auto standby =
      Standby::open(paths, {.etcd = settings.cluster.etcd,
                            .name = settings.cluster.member,
                            .url = url(),
                            .keep_bytes = settings.cluster.keep_mib * kMebibyte,
                            .begin = settings.cluster.forget,
                            .notice =
                                [this](const std::string& what) {
                                  log.warn("database", {{"what", what}});
                                  tell_service_manager("EXTEND_TIMEOUT_USEC=60000000");
                                },
                            .trouble = [this](const std::string& what) { note_trouble(what); }});
  if (!standby.ok()) return standby.error();
  note_serving(paths, url());
  while (true) {
    const auto step = standby.value()->step();
    if (!step.ok()) return step.error();
    auto lead = standby.value()->take_lead();
    if (!lead) show(standby.value()->state());
    if (lead) {
      log.info("leads", {{"term", lead->figures().term}, {"change", lead->figures().position}});
      const core::MutexLock lock(mutex);
      leader = std::move(lead);
      return true;
    }
    if (told_to_stop(standby.value()->state().more ? 0 : kLookEveryMs)) {
      forget_serving(paths);
      return false;
    }
  }
}

void Member::Parts::tell(const std::string& trouble) {
  Standby::State now = state();
  now.trouble = trouble;
  show(now);
}

void Member::Parts::note_trouble(const std::string& trouble) {
  if (trouble.empty()) log.info("etcd_answers_again");
  if (!trouble.empty()) log.warn("etcd", {{"what", trouble}});
}

void Member::Parts::show(const Standby::State& now) {
  Standby::State before = now;
  {
    const core::MutexLock lock(mutex);
    std::swap(before, shown);
  }
  if (now.trouble != before.trouble) note_trouble(now.trouble);
  if (now.leader != before.leader && !now.leader.empty()) {
    log.info("follows", {{"leader", now.leader}, {"url", now.leader_url}});
  }
}

std::string Member::Parts::who_leads() const {
  const Standby::State now = state();
  if (!now.trouble.empty()) return "etcd cannot be asked who leads: " + now.trouble;
  if (now.leader.empty()) return "Nobody leads just now.";
  return now.leader + " leads, at " + now.leader_url + ".";
}

// Of the standby.
http::Reply Member::Parts::answer(const http::Request& request) const {
  if (has_path(request, "/healthz")) {
    return http::json_reply(200, R"({"status":"ok","version":")" + std::string(kVersion) + "\"}");
  }
  const Standby::State now = state();
  if (has_path(request, "/readyz")) {
    std::string body = R"({"status":"not_ready","checks":[{"name":"cluster","ok":false,"detail":)";
    http::append_json_string(body, "follows, at change " + std::to_string(now.position) + ", " +
                                       core::count_text(now.last - now.position, "change") +
                                       " behind. " + who_leads());
    return http::json_reply(503, body + "}]}");
  }
  if (has_path(request, "/metrics")) {
    core::Metrics metrics;
    metrics.gauge("coupond_cluster_leads", "1 on the member that leads.").set(0);
    metrics.gauge("coupond_cluster_change", "The last change that this member has.")
        .set(now.position);
    metrics
        .gauge("coupond_cluster_behind_changes", "Changes that a member lacks.",
               {{"member", settings.cluster.member}})
        .set(now.last - now.position);
    return http::text_reply(200, metrics.prometheus_text(),
                            "text/plain; version=0.0.4; charset=utf-8");
  }
  return not_leader(request, "This member of the cluster follows. " + who_leads());
}

store::ChangeSink& Member::changes() { return *parts_->leader; }
void Member::copy_to(store::ChangeSink* copy) { parts_->leader->copy_to(copy); }

Result<Done> Member::note_takeover(service::Engine& engine) {
  return engine.writer().run<Done>("cluster.takeover", [&](store::Tx& tx) -> Result<Done> {
    tx.append({.operation = store::operation::kTakeover,
               .actor = "system",
               .units = parts_->leader->figures().term,
               .detail = parts_->settings.cluster.member});
    return Done{};
  });
}

void Member::stop_answering() {
  parts_->server->stop();
  if (parts_->answers.joinable()) parts_->answers.join();
  parts_->server = nullptr;
}

void Member::on_end(std::function<void(const std::string&)> ended) {
  parts_->leader->on_end(std::move(ended));
}

void Member::resign() { parts_->leader->stop(); }

bool Member::may_answer() const { return parts_->leader->may_answer(); }

http::Reply Member::refusal(const http::Request& request) const {
  const std::string why = parts_->leader->ended()
                              ? "This member of the cluster does not lead any more, and leaves."
                              : "This member leads the cluster, but has not heard of etcd for " +
                                    core::duration_text(parts_->leader->figures().heard_ms) +
                                    ": another one may lead by now.";
  return not_leader(request, why);
}

service::Check Member::check() const {
  const Leader::Figures now = parts_->leader->figures();
  if (parts_->leader->ended()) return {"cluster", false, "does not lead any more, and leaves"};
  if (!may_answer()) {
    return {"cluster", false,
            "leads, but has not heard of etcd for " + core::duration_text(now.heard_ms) + ": " +
                now.trouble};
  }
  std::string detail = parts_->settings.cluster.member + " leads, term " +
                       std::to_string(now.term) + ", at change " + std::to_string(now.position);
  for (const auto& [name, behind] : now.behind) {
    detail += "; " + name + " is " + core::count_text(behind, "change") + " behind";
  }
  if (now.behind.empty()) detail += "; no other member yet, so its log only grows";
  if (!now.trouble.empty()) detail = "LOOK: " + now.trouble + " " + detail;
  return {"cluster", true, detail};
}

void Member::add_figures(core::Metrics& metrics) const {
  const Leader::Figures now = parts_->leader->figures();
  metrics.gauge("coupond_cluster_leads", "1 on the member that leads.").set(may_answer());
  metrics.gauge("coupond_cluster_change", "The last change that this member has.")
      .set(now.position);
  metrics.gauge("coupond_cluster_term", "How often a member began to lead.").set(now.term);
  metrics
      .gauge("coupond_cluster_heard_milliseconds", "Since etcd last confirmed that this one leads.")
      .set(now.heard_ms);
  for (const auto& [name, behind] : now.behind) {
    metrics
        .gauge("coupond_cluster_behind_changes", "Changes that a member lacks.", {{"member", name}})
        .set(behind);
  }
}

}  // namespace coupon::app
