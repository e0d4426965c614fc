#include "src/cli/bench/bench_own.h"

#include <algorithm>
#include <utility>

#include "coupond/core/signing.h"

namespace coupon::cli {
namespace {

using core::Done;
using core::Result;
using service::Engine;

constexpr std::string_view kWriter = "writer";

}  // namespace

std::vector<BenchResult> OwnServer::limits() const {
  return {{.name = std::string(kWriter),
           .about = "the same redemptions without HTTP: group commit alone"},
          {.name = "healthz", .about = std::string(about("healthz"))}};
}

std::string_view OwnServer::about(std::string_view kind) const {
  const BenchKind* found = find_bench_kind(kind);
  return found != nullptr ? found->about : std::string_view();
}

// The durability is the default's, as in the server; loading needs none.
Result<std::unique_ptr<Engine>> OwnServer::open(store::Durability durability) const {
  Engine::Options options;
  options.data_dir = data_dir_;
  options.writer.durability = durability;
  return Engine::open(std::move(options));
}

Result<Done> OwnServer::load(const ShowProgress& progress) {
  const auto engine = open(store::Durability::kRelaxed);
  if (!engine.ok()) return engine.error();
  return fill(**engine, size_, progress);
}

Result<load::Outcome> OwnServer::measure(const std::string& kind, load::Plan plan,
                                         const ShowProgress&) {
  if (kind == kWriter) return measure_writer(plan);
  return measure_http(*find_bench_kind(kind), std::move(plan));
}

Result<load::Outcome> OwnServer::measure_writer(const load::Plan& plan) const {
  const auto engine = open();
  if (!engine.ok()) return engine.error();
  const auto supply = BenchSupply::make(**engine, size_);
  if (!supply.ok()) return supply.error();
  plan.progress(0);
  return redeem_without_http(**engine, **supply, plan.connections, plan.seconds);
}

Result<std::unique_ptr<BenchSupply>> OwnServer::prepare(const BenchKind& kind) const {
  const auto engine = open();
  if (!engine.ok()) return engine.error();
  auto supply = BenchSupply::make(**engine, size_);
  if (!supply.ok() || kind.prepare == nullptr) return supply;
  if (const auto prepared = kind.prepare(**engine); !prepared.ok()) return prepared.error();
  return supply;
}

Result<load::Outcome> OwnServer::measure_http(const BenchKind& kind, load::Plan plan) {
  const auto supply = prepare(kind);
  if (!supply.ok()) return supply.error();
  const auto server = ChildServer::start(data_dir_, data_dir_ + "/bench.log");
  if (!server.ok()) return server.error();
  note_start(**server);
  plan.port = server.value()->port();
  plan.connections = std::min(plan.connections, kind.connections_max);
  auto outcome = load::run(plan, kind.workload(**supply));
  note_end(**server);
  if (!server.value()->stop()) {
    return core::Error{
        .reason = core::Reason::kInternal,
        .message = "The server ended with an error; " + data_dir_ + "/bench.log says why."};
  }
  return outcome;
}

void OwnServer::note_start(const ChildServer& server) {
  own_.ready_ms = std::max(own_.ready_ms, server.ready_ms());
  own_.memory_at_start_kib = std::max(own_.memory_at_start_kib, server.memory_kib());
}

void OwnServer::note_end(const ChildServer& server) {
  own_.memory_after_kib = std::max(own_.memory_after_kib, server.memory_kib());
}

Result<store::AuditReport> OwnServer::audit(const ShowProgress& progress) const {
  const auto engine = open();
  if (!engine.ok()) return engine.error();
  const core::SigningKey key = engine.value()->secrets().checkpoint_key();
  store::AuditOptions options{
      .verifier = [&](std::string_view message, const store::Signature& signature) {
        return core::signature_ok(key.public_key, message, signature);
      }};
  options.vault = &engine.value()->vault();
  options.progress = [&](std::int64_t done, std::int64_t total) {
    progress("Verifying", done, total);
  };
  return engine.value()->readers().read<store::AuditReport>([&](store::Connection& db) {
    return Result<store::AuditReport>(store::verify(db, options));
  });
}

Result<Done> OwnServer::finish(BenchReport& report, const ShowProgress& progress) {
  const auto found = audit(progress);
  if (!found.ok()) return found.error();
  own_.verified = found->ok();
  own_.first_divergence = found->first_divergence.value_or("");
  report.own = own_;
  return Done{};
}

}  // namespace coupon::cli
