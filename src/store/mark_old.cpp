#include "src/store/mark_old.h"

#include <vector>

#include "coupond/core/signing.h"
#include "coupond/store/campaigns.h"
#include "coupond/store/ledger.h"
#include "coupond/store/users.h"

namespace coupon::store {
namespace {

constexpr char kActor[] = "system";
constexpr char kDetail[] = "as found when the database was brought to schema 2";
constexpr char kSetLastSeq[] = "UPDATE campaigns SET last_seq = ?2 WHERE id = ?1";
constexpr char kSignHead[] = R"(
  INSERT INTO ledger_head (only_row, seq, hash, signature) VALUES (1, ?1, ?2, ?3)
  ON CONFLICT (only_row) DO UPDATE SET seq = ?1, hash = ?2, signature = ?3)";
constexpr std::int64_t kAtOnce = 1000;
constexpr char kAppend[] = R"(
  INSERT INTO ledger (seq, at, operation, actor, campaign_id, user_id, units, digest, detail, hash)
  VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?))";

// The writer's own way to the ledger needs a writer, and there is none yet.
class Appender {
 public:
  explicit Appender(Connection& connection)
      : connection_(connection), head_(last_entry(connection)) {}

  core::Seq append(Entry entry) {
    entry.actor = kActor;
    entry.detail = kDetail;
    const core::Seq seq{head_.seq.value + 1};
    const core::Digest hash = chain(head_.hash, seq, head_.at, entry);
    Query(connection_, kAppend, seq, head_.at, entry.operation, entry.actor, entry.campaign_id,
          entry.user_id, entry.units, entry.digest, entry.detail, hash)
        .run();
    head_ = {.seq = seq, .at = head_.at, .hash = hash};
    return seq;
  }
  const LedgerHead& head() const { return head_; }

 private:
  Connection& connection_;
  LedgerHead head_;
};

void mark_accounts(Connection& connection, Appender& ledger) {
  UserFilter filter{.limit = kAtOnce};
  for (auto users = list_users(connection, filter); !users.empty();
       users = list_users(connection, filter)) {
    for (const domain::User& user : users) {
      const core::Digest digest = user_digest(user);
      ledger.append({.operation = operation::kUserUpdate,
                     .user_id = user.id,
                     .units = user.token_epoch,
                     .digest = digest});
    }
    filter.after = users.back().id;
  }
}

void mark_campaigns(Connection& connection, Appender& ledger) {
  std::vector<core::CampaignId> ids;
  visit_slugs(connection, [&](core::CampaignId id, const std::string&) { ids.push_back(id); });
  for (const core::CampaignId id : ids) {
    const core::Digest digest = policy_digest(*find_campaign(connection, id));
    const core::Seq seq = ledger.append(
        {.operation = operation::kCampaignUpdate, .campaign_id = id, .digest = digest});
    Query(connection, kSetLastSeq, id, seq).run();
  }
}

}  // namespace

void mark_accounts_and_campaigns(Connection& connection, const core::Secrets& secrets) {
  Appender ledger(connection);
  const core::Seq before = ledger.head().seq;
  mark_accounts(connection, ledger);
  mark_campaigns(connection, ledger);
  const LedgerHead& head = ledger.head();
  if (head.seq == before) return;
  const Signature signature = core::sign(secrets.checkpoint_key(), signed_message(head));
  Query(connection, kSignHead, head.seq, head.hash, signature).run();
}

}  // namespace coupon::store
