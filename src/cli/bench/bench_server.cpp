#include "src/cli/bench/bench_server.h"

#include <algorithm>
#include <charconv>
#include <utility>

#include "coupond/http/client.h"

namespace coupon::cli {
namespace {

using core::Done;
using core::Result;
using service::Engine;

// Of servers of our own, on directories of our own.
const app::FirstAdmin kAdmin{.email = "bench@example.com", .password = std::string(kBenchPassword)};

Result<std::unique_ptr<Engine>> open(const std::string& data_dir, store::Durability durability) {
  Engine::Options options;
  options.data_dir = data_dir;
  options.writer.durability = durability;
  return Engine::open(std::move(options));
}

// The value of a series without labels; 0 when there is none.
std::int64_t metric(const std::string& text, const std::string& name) {
  const std::size_t at = text.find("\n" + name + " ");
  std::int64_t value = 0;
  if (at != std::string::npos) {
    std::from_chars(text.data() + at + name.size() + 2, text.data() + text.size(), value);
  }
  return value;
}

}  // namespace

BenchServer::BenchServer(BenchPlace place, app::FirstAdmin admin, BenchSize size)
    : prefilled_(false),
      size_(size),
      supply_(std::make_unique<BenchSupply>(std::move(place), std::move(admin), size)) {}

BenchServer::BenchServer(std::string program, std::string data_dir, BenchSize size)
    : program_(std::move(program)),
      data_dir_(std::move(data_dir)),
      prefilled_(false),
      size_(size) {}

BenchServer::BenchServer(std::string data_dir, BenchSize size)
    : program_(ChildServer::this_program()),
      data_dir_(std::move(data_dir)),
      prefilled_(true),
      size_(size) {}

// What is loaded need not be durable until the engine is closed.
Result<Done> BenchServer::fill_directory(const ShowProgress& progress) {
  if (!prefilled_) return Done{};
  const auto engine = open(data_dir_, store::Durability::kRelaxed);
  if (!engine.ok()) return engine.error();
  if (auto filled = fill(**engine, size_, progress); !filled.ok()) return filled;
  auto data = read_bench_data(**engine, size_);
  if (!data.ok()) return data.error();
  data_ = *std::move(data);
  return Done{};
}

Result<BenchRun> BenchServer::measure_writer(const load::Plan& plan, const ShowProgress& progress) {
  if (auto filled = fill_directory(progress); !filled.ok()) return filled.error();
  const auto engine = open(data_dir_, store::Durability::kFull);
  if (!engine.ok()) return engine.error();
  plan.progress(0);
  return BenchRun{.outcome = redeem_without_http(**engine, *data_, plan.connections, plan.seconds)};
}

Result<Done> BenchServer::load(const ShowProgress& progress) {
  if (!program_.empty()) {
    if (auto filled = fill_directory(progress); !filled.ok()) return filled;
    if (auto started = start(); !started.ok()) return started;
  }
  auto done = supply_->load(progress);
  return done.ok() ? done : give_up(std::move(done.error()));
}

Result<Done> BenchServer::start() {
  const app::FirstAdmin admin = prefilled_
                                    ? app::FirstAdmin{.email = data_->accounts[0].email,
                                                      .password = std::string(kBenchPassword)}
                                    : kAdmin;
  auto started = ChildServer::start(data_dir_, log_,
                                    {.program = program_,
                                     .environment = {"COUPOND_ADMIN_EMAIL=" + admin.email,
                                                     "COUPOND_ADMIN_PASSWORD=" + admin.password}});
  if (!started.ok()) return started.error();
  child_ = std::move(started.value());
  own_.ready_ms = child_->ready_ms();
  own_.memory_at_start_kib = child_->memory_kib();
  const std::string url = "http://127.0.0.1:" + std::to_string(child_->port());
  supply_ = std::make_unique<BenchSupply>(
      BenchPlace{.url = url, .address = "127.0.0.1", .port = child_->port()}, admin, size_,
      std::move(data_));
  return Done{};
}

core::Error BenchServer::give_up(core::Error error) {
  if (child_) return error;
  const BenchLeft left = supply_->tidy();
  if (!left.untidy.empty()) {
    error.message +=
        " Campaigns and accounts named " + left.name + "-… are left there as they were.";
  }
  return error;
}

Result<BenchRun> BenchServer::measure(const BenchKind& kind, load::Plan plan,
                                      const ShowProgress& progress) {
  auto run = run_kind(kind, std::move(plan), progress);
  return run.ok() ? run : give_up(std::move(run.error()));
}

Result<BenchRun> BenchServer::run_kind(const BenchKind& kind, load::Plan plan,
                                       const ShowProgress& progress) {
  if (auto ready = supply_->ready(kind.need, plan.seconds, progress); !ready.ok()) {
    return ready.error();
  }
  plan.address = supply_->place().address;
  plan.port = supply_->place().port;
  plan.connections = std::min(plan.connections, kind.connections_max);
  const BenchCost before = cost();
  auto outcome = load::run(plan, kind.workload(*supply_));
  if (!outcome.ok()) return outcome.error();
  if (outcome->first_wrong.starts_with("status 429")) {
    outcome->first_wrong += " (to be measured, it has to run with --rate-limits off)";
  }
  BenchRun run{.outcome = *std::move(outcome)};
  if (child_)
    run.cost = {.bytes = cost().bytes - before.bytes, .commits = cost().commits - before.commits};
  return run;
}

BenchCost BenchServer::cost() const {
  if (!child_) return {};
  auto client = http::Client::of_url(supply_->place().url);
  const auto metrics = client.value().send({.target = "/metrics"});
  return {.bytes = child_->written_bytes(),
          .commits = metrics.ok() ? metric(metrics->body, "coupond_commit_seconds_count") : 0};
}

Result<Done> BenchServer::finish(BenchReport& report, const ShowProgress& progress) {
  if (!child_) {
    report.left = supply_->tidy();
    return Done{};
  }
  own_.memory_after_kib = child_->memory_kib();
  if (!child_->stop()) {
    return core::Error{
        .reason = core::Reason::kInternal,
        .message = "The server ended with an error; " + data_dir_ + "/bench.log says why."};
  }
  progress("Verifying", 0, 1);
  const std::string log = log_ + ".verify";
  own_.verified = ChildServer::run(program_, {"verify", "--data", data_dir_}, log) == 0;
  if (!own_.verified) own_.first_divergence = ChildServer::last_line(log);
  report.own = own_;
  return Done{};
}

}  // namespace coupon::cli
