// /api/v1/ledger, the change feed; its signed checkpoint; and /api/v1/stats.

#include <algorithm>
#include <atomic>
#include <memory>

#include "coupond/core/signing.h"
#include "coupond/service/reads.h"
#include "src/api/gate/cursor.h"
#include "src/api/native/campaign_shapes.h"
#include "src/api/native/coupon_shapes.h"
#include "src/api/native/native.h"
#include "src/api/words.h"

namespace coupon::api {
namespace {

// A waiting reader holds a worker, so only so many may wait at once.
constexpr int kWaitersMax = 16;
constexpr std::int64_t kWaitSliceMs = 200;
constexpr std::int64_t kWaitMaxSeconds = 30;

struct FeedQuery {
  core::Seq after;
  std::int64_t limit = 100;
  std::int64_t wait = 0;
  static http::Object<FeedQuery> shape() {
    using Q = FeedQuery;
    return {
        "LedgerQuery",
        "Which entries.",
        {
            integer("after", &Q::after, "Entries after this one; 0: from the first.").optional(),
            integer("limit", &Q::limit, "Entries at the most.", {.min = 1, .max = 1000}).optional(),
            integer("wait", &Q::wait, "Seconds to wait for one where there is none yet.",
                    {.min = 0, .max = kWaitMaxSeconds})
                .optional(),
        }};
  }
};

struct FeedReply {
  std::vector<LedgerEntryReply> items;
  core::Seq next_after;
  core::Seq last_seq;
  static http::Object<FeedReply> shape() {
    using R = FeedReply;
    return {"LedgerEntries",
            "Entries in order.",
            {
                list("items", &R::items, "The entries."),
                integer("next_after", &R::next_after, "Pass it as `after` to go on."),
                integer("last_seq", &R::last_seq, "The newest entry there is."),
            }};
  }
};

struct CheckpointReply {
  core::Seq seq;
  std::string hash, signature, public_key;
  static http::Object<CheckpointReply> shape() {
    using R = CheckpointReply;
    return {"Checkpoint",
            "Where the ledger stands, signed. Keep it: `coupond verify` finds it again, or finds "
            "out that the ledger was cut.",
            {
                integer("seq", &R::seq, "The newest entry."),
                text("hash", &R::hash, "Its hash, in hex.", {.min = 64, .max = 64}),
                text("signature", &R::signature,
                     "Ed25519 over the text `coupond ledger SEQ HASH`, in hex.",
                     {.min = 128, .max = 128}),
                text("public_key", &R::public_key, "The key it is verified with, in hex.",
                     {.min = 64, .max = 64}),
            }};
  }
};

struct RefusalRow {
  std::string reason;
  std::int64_t count = 0;
  static http::Object<RefusalRow> shape() {
    return {"RefusalCount",
            "How often a reason was the answer.",
            {
                text("reason", &RefusalRow::reason, "The reason.").example("campaign_cap_reached"),
                integer("count", &RefusalRow::count, "Times."),
            }};
  }
};

struct StatsQuery {
  std::int64_t limit = 1000;
  std::optional<std::string> cursor;
  static http::Object<StatsQuery> shape() {
    using Q = StatsQuery;
    return {"StatsQuery",
            "Which campaigns.",
            {
                integer("limit", &Q::limit, "Campaigns at the most.", {.min = 1, .max = 1000})
                    .optional(),
                text("cursor", &Q::cursor, "The next_cursor of the page before.", {.max = 64}),
            }};
  }
};

struct StatsReply {
  std::vector<CampaignReply> campaigns;
  std::int64_t campaigns_total = 0;
  std::optional<std::string> next_cursor;
  std::vector<RefusalRow> refusals;
  core::Seq as_of_seq;
  static http::Object<StatsReply> shape() {
    using R = StatsReply;
    return {"Stats",
            "All counters at one ledger entry.",
            {
                list("campaigns", &R::campaigns, "The campaigns, archived ones too, oldest first."),
                integer("campaigns_total", &R::campaigns_total, "How many there are in all."),
                text("next_cursor", &R::next_cursor, "Where the rest begins; null at the end."),
                list("refusals", &R::refusals, "Refusals by reason, since the server started."),
                integer("as_of_seq", &R::as_of_seq, "The entry these figures are true at."),
            }};
  }
};

Result<FeedReply> entries_after(Call& call, const FeedQuery& in) {
  return call.read_list([&](store::Connection& db) -> Result<FeedReply> {
    FeedReply reply{.items = {}, .next_after = in.after, .last_seq = service::last_entry(db).seq};
    for (const auto& row : service::ledger_after(db, in.after, in.limit)) {
      reply.items.push_back(ledger_entry_reply(row));
      reply.next_after = row.seq;
    }
    return reply;
  });
}

class Feed {
 public:
  explicit Feed(const std::atomic<bool>& stopping) : stopping_(stopping) {}

  Result<FeedReply> next(Call& call, const FeedQuery& in) {
    auto reply = entries_after(call, in);
    if (!reply.ok() || !reply->items.empty() || in.wait == 0) return reply;
    if (waiters_.fetch_add(1) >= kWaitersMax) {
      waiters_.fetch_sub(1);
      return Reason::kBusy;
    }
    // In slices: a server that stops is noticed within one.
    for (std::int64_t left_ms = in.wait * core::kMsPerSecond; left_ms > 0 && !stopping_;
         left_ms -= kWaitSliceMs) {
      call.engine.writer().wait_for_entry_after(in.after, std::min(left_ms, kWaitSliceMs));
      if (call.engine.writer().committed_seq() > in.after) break;
    }
    waiters_.fetch_sub(1);
    return entries_after(call, in);
  }

 private:
  const std::atomic<bool>& stopping_;
  std::atomic<int> waiters_ = 0;
};

Result<CheckpointReply> checkpoint(Call& call) {
  return call.read([&](store::Connection& db) -> Result<CheckpointReply> {
    const service::LedgerHead head = service::last_entry(db);
    const core::SigningKey& key = call.engine.secrets().checkpoint_key();
    return CheckpointReply{
        .seq = head.seq,
        .hash = core::to_hex(head.hash),
        .signature = core::to_hex(core::sign(key, service::signed_message(head))),
        .public_key = core::to_hex(key.public_key)};
  });
}

Result<StatsReply> stats(Call& call, const StatsQuery& in) {
  const auto after = id_of_cursor(in.cursor);
  if (!after.ok()) return after.error();
  return call.read_list([&](store::Connection& db) -> Result<StatsReply> {
    StatsReply reply;
    reply.as_of_seq = service::last_entry(db).seq;
    reply.campaigns_total = service::count_campaigns(db, {.archived = true});
    for (const auto& campaign : service::list_campaigns(
             db, {.archived = true, .after = {*after}, .limit = in.limit + 1})) {
      if (static_cast<std::int64_t>(reply.campaigns.size()) == in.limit) {
        reply.next_cursor = cursor_after(reply.campaigns.back().id.value);
        break;
      }
      reply.campaigns.push_back(campaign_reply(
          campaign, service::count_live_holds(db, campaign.id, call.now()), reply.as_of_seq));
    }
    for (const auto& row : call.refusals.rows()) {
      reply.refusals.push_back({.reason = std::string(core::name(row.reason)),
                                .count = static_cast<std::int64_t>(row.count)});
    }
    return reply;
  });
}

}  // namespace

void add_ledger_endpoints(Endpoints& v1, const std::atomic<bool>& stopping) {
  v1.add(
      {.route = "GET /api/v1/ledger",
       .id = "readLedger",
       .summary = "The ledger, as a change feed",
       .doc = "Every effect in order. With `wait` the call returns as soon as there is one.",
       .auth = Auth::kStaff,
       .scope = "read"},
      [feed = std::make_shared<Feed>(stopping)](
          Call& call, const FeedQuery& in) -> Result<FeedReply> { return feed->next(call, in); });
  v1.add({.route = "GET /api/v1/ledger/checkpoint",
          .id = "getCheckpoint",
          .summary = "Where the ledger stands, signed",
          .auth = Auth::kStaff,
          .scope = "read"},
         checkpoint);
  v1.add({.route = "GET /api/v1/stats",
          .id = "getStats",
          .summary = "All counters, and refusals by reason",
          .auth = Auth::kStaff,
          .scope = "read",
          .refusals = {{400, Reason::kInvalidCursor}}},
         stats);
}

}  // namespace coupon::api
