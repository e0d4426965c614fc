// Tx: what one operation sees and may do inside the writer's current batch. Given to operations by
// the writer, on the writer's thread; never kept beyond the call.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "coupond/core/types.h"
#include "coupond/domain/campaign.h"
#include "coupond/store/connection.h"
#include "coupond/store/ledger.h"

namespace coupon::store {

class CounterTable;

// Two rows cannot both be true. Ends the operation, not the process: the file is to blame.
class Contradiction : public std::runtime_error {
 public:
  Contradiction(std::string_view table, std::int64_t id, std::string_view what)
      : std::runtime_error(std::string(table) + " " + std::to_string(id) + " " + std::string(what) +
                           ": look at it with `coupond verify`") {}
};

class Tx {
 public:
  explicit Tx(Connection& connection) : connection_(connection) {}
  Tx(const Tx&) = delete;
  Tx& operator=(const Tx&) = delete;

  Connection& db() { return connection_; }

  // The server's time, see server_time.h; the same for the whole batch.
  core::UnixMs now() const { return now_; }
  // The ledger's last entry, those of this batch included.
  core::Seq last_seq() const { return head_.seq; }

  // The campaign as this operation sees it, with what the batch has used so far; null if there is
  // none. Good until the next call that changes it.
  const domain::Campaign* campaign(core::CampaignId id);

  // Adds to a campaign's budget. The sums reach the file once a batch. The campaign must exist.
  // Throws Contradiction when a figure would be negative: rows and counters do not belong together.
  void count(core::CampaignId id, const domain::Counters& delta);

  // To be called after a campaign's row was changed (its policy, not its counters).
  void campaign_changed(core::CampaignId id);

  // Tells the counter table, on commit, how many coupons of the campaign a user has had. A figure
  // read before the operation's own effects stays true when the operation is refused; one that
  // includes them (`with_effects`) is dropped with them.
  void note_user(core::CampaignId campaign, core::UserId user, std::int64_t coupons,
                 bool with_effects);

  // Calls `effect` on the writer's thread once the batch has been committed.
  void on_commit(std::function<void()> effect) { effects_.push_back(std::move(effect)); }

  // Writes an entry and returns its number.
  core::Seq append(const Entry& entry);

  // Runs `body` under a savepoint and undoes all it did, in the file and in memory, when it returns
  // false or throws. Nests. Throws BatchDead when SQLite has rolled back the whole transaction.
  template <class Body>
  bool attempt(Body&& body) {
    const Mark mark = begin_attempt();
    bool keep = false;
    try {
      keep = body();
    } catch (...) {
      end_attempt(mark, false);
      throw;
    }
    end_attempt(mark, keep);
    return keep;
  }

 private:
  friend class Writer;

  struct Cached {
    domain::Campaign campaign;
    domain::Counters stored;  // what the file holds, until the batch writes its sums
    bool touched = false;     // in this batch: it is in touched_
  };
  struct Undo {
    core::CampaignId id;
    std::optional<domain::Counters> counters;  // absent: read the policy again
  };
  struct UserCount {
    core::CampaignId campaign;
    core::UserId user;
    std::int64_t coupons;
    bool with_effects;
  };
  struct Mark {
    LedgerHead head;
    std::size_t undo_size;
    std::size_t effects_size;
    std::size_t user_counts_size;
    std::size_t recorded;
  };

  Mark begin_attempt();
  void end_attempt(const Mark& mark, bool keep);
  void undo_to(const Mark& mark);
  Cached* cached(core::CampaignId id);
  void reload_policy(core::CampaignId id);
  void touch(core::CampaignId id, Cached& entry);

  // For Writer.
  void start(core::UnixMs now);
  void rebuild();
  void write_sums();
  void publish(CounterTable& table);

  Connection& connection_;
  core::UnixMs now_;
  LedgerHead head_;
  std::unordered_map<std::int64_t, Cached> campaigns_;
  // So that a batch costs what it touches, however many campaigns are known. Until the sums are
  // written an id may be here twice; one may be here that campaigns_ has no more.
  std::vector<std::int64_t> touched_;
  std::vector<Undo> undo_;
  std::vector<std::function<void()>> effects_;
  std::vector<UserCount> user_counts_;
  int attempts_ = 0;       // under way, one within the other
  bool in_batch_ = false;  // between start() and publish() or rebuild()
};

// SQLite ended the transaction under us: nothing of the batch was executed.
struct BatchDead {
  int sqlite_code;
};

}  // namespace coupon::store
