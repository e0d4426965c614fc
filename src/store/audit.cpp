#include "coupond/store/audit.h"

#include <algorithm>
#include <string>
#include <utility>

#include "coupond/store/clock_steps.h"
#include "coupond/store/idempotency.h"
#include "coupond/store/sessions.h"
#include "coupond/store/soundness.h"
#include "src/store/audit_replay.h"
#include "src/store/audit_rows.h"
#include "src/store/audit_tables.h"
#include "src/store/chain_check.h"
#include "src/store/divergence.h"
#include "src/store/snapshot.h"

namespace coupon::store {
namespace {

constexpr char kIntegrity[] = "PRAGMA integrity_check(1)";
constexpr char kForeignKeys[] = "PRAGMA foreign_key_check";

// So often that a bar moves, so seldom that it costs nothing.
constexpr std::int64_t kProgressEvery = 1 << 14;

constexpr char kBeforeFirst[] = "SELECT min(seq) FROM ledger WHERE seq < 1";

void check_file(Connection& connection) {
  Query integrity(connection, kIntegrity);
  if (integrity.next() && integrity.text(0) != "ok") {
    throw Divergence{"the file is damaged: " + integrity.text(0)};
  }
  Query keys(connection, kForeignKeys);
  if (!keys.next()) return;
  throw Divergence{row_name(keys.text(0), keys.integer(1)) + " names a row of " + keys.text(2) +
                   " that is missing"};
}

class Audit {
 public:
  Audit(Connection& connection, const AuditOptions& options, AuditReport& report)
      : connection_(connection),
        options_(options),
        report_(report),
        head_(last_entry(connection)) {}

  void run() {
    if (options_.check_file) check_file(connection_);
    check_list();
    check_kept();
    check_marks();
    Window window{.first = 1, .last = options_.window};
    const std::int64_t ids = run_first(window);
    passes_ = (ids + options_.window - 1) / options_.window;
    for (std::int64_t pass = 1; pass < passes_; ++pass) {
      window = {.first = window.last + 1, .last = window.last + options_.window};
      compare_window(next_pass(window));
    }
  }

 private:
  void check_list() {
    if (options_.key_id.empty()) return;
    const auto fault = first_fault(connection_, {options_.key_id, options_.verifier});
    if (fault) throw Divergence{*fault};
  }

  // A rewritten ledger has a good chain and a good head, but not this entry.
  void check_kept() {
    if (!options_.kept) return;
    const KeptHead& kept = *options_.kept;
    const std::string entry = row_name("ledger entry", kept.seq.value);
    if (!options_.verifier(signed_message({.seq = kept.seq, .hash = kept.hash}), kept.signature)) {
      throw Divergence{"the kept checkpoint of " + entry + " is not signed by this secret.key"};
    }
    if (kept.seq > head_.seq) {
      throw Divergence{entry + " is missing: the kept checkpoint saw it, the ledger ends at " +
                       figure(head_.seq.value)};
    }
    if (kept.seq.value == 0) return;
    const auto row = ledger_row(connection_, kept.seq);
    if (row && row->hash == kept.hash) return;
    throw Divergence{entry + " is not the one that the kept checkpoint saw"};
  }

  void check_marks() {
    if (options_.secrets == nullptr) return;
    if (auto fault = forged_token(connection_, *options_.secrets)) throw Divergence{*fault};
    if (auto fault = swapped_reply(connection_, *options_.secrets)) throw Divergence{*fault};
  }

  // Gives back how many ids there are in all windows.
  std::int64_t run_first(const Window& window) {
    const Replay replay = first_pass(window);
    if (!replay.is_complete()) {
      throw Divergence{row_name("ledger entry", head_.seq.value) +
                       " took a balance that no coupon has got"};
    }
    // Policies before the coupons that were made under them.
    report_.campaigns = compare_campaigns(connection_, replay);
    compare_window(replay);
    compare_slots(connection_);
    compare_user_redemptions(connection_);
    compare_api_keys(connection_, replay);
    compare_restore_epoch(connection_, replay);
    return std::max(replay.coupons(), replay.users());
  }

  // The whole ledger, its chain and what each entry made. The signed head comes first: it says
  // where the chain must lead.
  Replay first_pass(const Window& window) {
    ChainCheck(head_).finish(connection_, options_.verifier);
    check_beginning();
    ChainCheck chain;
    Replay replay(window);
    RedemptionCheck redemptions(connection_, head_.seq);
    CodeCheck codes(connection_, options_.vault);
    for_each_entry(connection_, {0}, head_.seq, [&](const LedgerRow& row) {
      chain.see(row);
      replay.see(row);
      redemptions.see(row);
      codes.see(row);
      tick();
      return true;
    });
    redemptions.finish();
    report_.entries = chain.head().seq.value;
    report_.steps_back = static_cast<std::int64_t>(chain.steps_back().size());
    compare_clock_steps(chain.steps_back());
    report_.longest_step_back_ms = chain.longest_step_back_ms();
    report_.redemptions = redemptions.rows();
    return replay;
  }

  // A span of time is looked up by them: a step that is missing hides entries from reports.
  void compare_clock_steps(const std::vector<core::Seq>& steps) {
    if (!clock_steps_are_noted(connection_)) return;
    const auto noted = clock_steps(connection_);
    for (const core::Seq step : steps) {
      if (std::binary_search(noted.begin(), noted.end(), step)) continue;
      throw Divergence{"meta clock_step/" + figure(step.value) + " is missing: " +
                       row_name("ledger entry", step.value) + " is earlier than the one before"};
    }
  }

  void check_beginning() {
    Query query(connection_, kBeforeFirst);
    if (!query.next() || query.is_null(0)) return;
    throw Divergence{row_name("ledger entry", query.integer(0)) + " is before the first"};
  }

  Replay next_pass(const Window& window) {
    Replay replay(window);
    for_each_entry(connection_, {0}, head_.seq, [&](const LedgerRow& row) {
      replay.see(row);
      tick();
      return true;
    });
    return replay;
  }

  void compare_window(const Replay& replay) {
    report_.users += compare_users(connection_, replay);
    report_.coupons += compare_coupons(connection_, replay);
    report_.holds += compare_holds(connection_, replay);
  }

  void tick() {
    if (++done_ % kProgressEvery != 0 || !options_.progress) return;
    options_.progress(done_, head_.seq.value * passes_);
  }

  Connection& connection_;
  const AuditOptions& options_;
  AuditReport& report_;
  const LedgerHead head_;
  std::int64_t passes_ = 1;
  std::int64_t done_ = 0;
};

}  // namespace

AuditOptions audit_options(const core::Secrets& secrets) {
  KeyCheck key = key_check(secrets);
  return {
      .verifier = std::move(key.verifier), .key_id = std::move(key.key_id), .secrets = &secrets};
}

AuditReport verify(Connection& connection, const AuditOptions& options) {
  AuditReport report;
  const Snapshot snapshot(connection);
  try {
    Audit(connection, options, report).run();
  } catch (const Divergence& divergence) {
    report.first_divergence = divergence.sentence;
  }
  return report;
}

}  // namespace coupon::store
