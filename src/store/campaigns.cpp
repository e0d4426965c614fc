#include "coupond/store/campaigns.h"

#include <limits>
#include <string>

#include "src/store/row.h"

namespace coupon::store {
namespace {

#define COUPOND_CAMPAIGN_COLUMNS                                                                \
  "SELECT id, uuid, slug, mode, name, description, max_issued, max_per_user,"                   \
  " max_redemptions_per_coupon, max_redemptions_per_user, max_holds_per_user, starts_at,"       \
  " ends_at, active, hold_required, hold_ttl_s, token_ttl_s, code_pattern, price, reward_kind," \
  " reward_value, metadata, issued, assigned, available, redeemed, rolled_back, voided,"        \
  " last_seq, created_at, updated_at, archived_at FROM campaigns "

constexpr char kById[] = COUPOND_CAMPAIGN_COLUMNS "WHERE id = ?";
constexpr char kByUuid[] = COUPOND_CAMPAIGN_COLUMNS "WHERE uuid = ?";
constexpr char kBySlug[] = COUPOND_CAMPAIGN_COLUMNS "WHERE slug = ?";
constexpr char kClaimByName[] =
    COUPOND_CAMPAIGN_COLUMNS "WHERE mode = 'claim' AND archived_at IS NULL AND name = ?";
constexpr char kList[] = COUPOND_CAMPAIGN_COLUMNS
    "WHERE id > ?1 AND (?2 IS NULL OR mode = ?2) AND (?3 OR archived_at IS NULL) "
    "ORDER BY id LIMIT ?4";
#undef COUPOND_CAMPAIGN_COLUMNS

constexpr char kCount[] = R"(
  SELECT count(*) FROM campaigns
   WHERE id > ?1 AND (?2 IS NULL OR mode = ?2) AND (?3 OR archived_at IS NULL))";

constexpr char kLiveHolds[] = "SELECT count(*) FROM holds WHERE campaign_id = ? AND expires_at > ?";

constexpr char kNextId[] = "SELECT coalesce(max(id), 0) + 1 FROM campaigns";

constexpr char kInsert[] = R"(
  INSERT INTO campaigns (id, uuid, slug, mode, name, description, max_issued, max_per_user,
    max_redemptions_per_coupon, max_redemptions_per_user, max_holds_per_user, starts_at, ends_at,
    active, hold_required, hold_ttl_s, token_ttl_s, code_pattern, price, reward_kind, reward_value,
    metadata, last_seq, created_at, updated_at)
  VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18, ?19, ?20,
    ?21, ?22, ?23, ?24, ?25))";

constexpr char kUpdate[] = R"(
  UPDATE campaigns SET slug = ?2, name = ?3, description = ?4, max_issued = ?5, max_per_user = ?6,
    max_redemptions_per_coupon = ?7, max_redemptions_per_user = ?8, max_holds_per_user = ?9,
    starts_at = ?10, ends_at = ?11, active = ?12, hold_required = ?13, hold_ttl_s = ?14,
    token_ttl_s = ?15, code_pattern = ?16, price = ?17, reward_kind = ?18, reward_value = ?19,
    metadata = ?20, last_seq = ?21, updated_at = ?22, archived_at = ?23
   WHERE id = ?1)";

domain::Policy read_policy(const Query& query) {
  return {.max_issued = query.maybe_integer(6),
          .max_per_user = query.maybe_integer(7),
          .max_redemptions_per_coupon = query.maybe_integer(8),
          .max_redemptions_per_user = query.maybe_integer(9),
          .max_holds_per_user = query.integer(10),
          .starts_at = query.maybe_time(11),
          .ends_at = query.maybe_time(12),
          .active = query.boolean(13),
          .hold_required = query.boolean(14),
          .hold_ttl_s = query.integer(15),
          .token_ttl_s = query.maybe_integer(16),
          .code_pattern = query.maybe_text(17),
          .price = {query.integer(18)},
          .reward = {.kind = domain::parse_reward_kind(query.text(19)).value(),
                     .value = query.integer(20)},
          .metadata = query.text(21)};
}

domain::Campaign read_campaign(const Query& query) {
  return {.id = {query.integer(0)},
          .uuid = query.text(1),
          .slug = query.text(2),
          .mode = domain::parse_mode(query.text(3)).value(),
          .name = query.text(4),
          .description = query.text(5),
          .policy = read_policy(query),
          .counters = {.issued = query.integer(22),
                       .assigned = query.integer(23),
                       .available = query.integer(24),
                       .redeemed = query.integer(25),
                       .rolled_back = query.integer(26),
                       .voided = query.integer(27)},
          .last_seq = {query.integer(28)},
          .created_at = query.time(29),
          .updated_at = query.time(30),
          .archived_at = query.maybe_time(31)};
}

template <class Key>
std::optional<domain::Campaign> find(Connection& connection, const char* sql, const Key& key) {
  Query query(connection, sql, key);
  if (!query.next()) return std::nullopt;
  return read_campaign(query);
}

std::optional<std::string_view> mode_of(const CampaignFilter& filter) {
  if (!filter.mode) return std::nullopt;
  return domain::name(*filter.mode);
}

}  // namespace

std::optional<domain::Campaign> find_campaign(Connection& connection, core::CampaignId id) {
  return find(connection, kById, id);
}

std::optional<domain::Campaign> find_campaign_by_uuid(Connection& connection,
                                                      std::string_view uuid) {
  return find(connection, kByUuid, uuid);
}

std::optional<domain::Campaign> find_campaign_by_slug(Connection& connection,
                                                      std::string_view slug) {
  return find(connection, kBySlug, slug);
}

std::optional<domain::Campaign> find_claim_campaign(Connection& connection, std::string_view name) {
  return find(connection, kClaimByName, name);
}

std::vector<domain::Campaign> list_campaigns(Connection& connection, const CampaignFilter& filter) {
  std::vector<domain::Campaign> campaigns;
  Query query(connection, kList, filter.after, mode_of(filter), filter.archived, filter.limit);
  while (query.next()) campaigns.push_back(read_campaign(query));
  return campaigns;
}

std::int64_t count_campaigns(Connection& connection, const CampaignFilter& filter) {
  return read_integer(connection, kCount, filter.after, mode_of(filter), filter.archived);
}

std::int64_t count_live_holds(Connection& connection, core::CampaignId id, core::UnixMs now) {
  return read_integer(connection, kLiveHolds, id, now);
}

core::Digest policy_digest(const domain::Campaign& campaign) {
  const domain::Policy& policy = campaign.policy;
  constexpr std::int64_t kUnlimited = std::numeric_limits<std::int64_t>::min();
  core::Hasher hasher;
  hasher.add(campaign.uuid).add(campaign.slug).add(domain::name(campaign.mode));
  hasher.add(policy.max_issued.value_or(kUnlimited)).add(policy.max_per_user.value_or(kUnlimited));
  hasher.add(policy.max_redemptions_per_coupon.value_or(kUnlimited));
  hasher.add(policy.max_redemptions_per_user.value_or(kUnlimited)).add(policy.max_holds_per_user);
  hasher.add(policy.starts_at ? policy.starts_at->value : kUnlimited);
  hasher.add(policy.ends_at ? policy.ends_at->value : kUnlimited);
  hasher.add(std::int64_t{policy.active}).add(std::int64_t{policy.hold_required});
  hasher.add(policy.hold_ttl_s).add(policy.token_ttl_s.value_or(kUnlimited));
  hasher.add(policy.code_pattern.value_or("")).add(policy.price.value);
  hasher.add(domain::name(policy.reward.kind)).add(policy.reward.value);
  hasher.add(campaign.archived_at ? campaign.archived_at->value : kUnlimited);
  return hasher.finish();
}

core::CampaignId next_campaign_id(Tx& tx) { return {read_integer(tx.db(), kNextId)}; }

void insert_campaign(Tx& tx, const domain::Campaign& c) {
  const domain::Policy& p = c.policy;
  Query(tx.db(), kInsert, c.id, c.uuid, c.slug, domain::name(c.mode), c.name, c.description,
        p.max_issued, p.max_per_user, p.max_redemptions_per_coupon, p.max_redemptions_per_user,
        p.max_holds_per_user, p.starts_at, p.ends_at, p.active, p.hold_required, p.hold_ttl_s,
        p.token_ttl_s, p.code_pattern, p.price, domain::name(p.reward.kind), p.reward.value,
        p.metadata, c.last_seq, c.created_at, c.updated_at)
      .run();
  tx.campaign_changed(c.id);
}

void update_campaign(Tx& tx, const domain::Campaign& c) {
  const domain::Policy& p = c.policy;
  Query(tx.db(), kUpdate, c.id, c.slug, c.name, c.description, p.max_issued, p.max_per_user,
        p.max_redemptions_per_coupon, p.max_redemptions_per_user, p.max_holds_per_user, p.starts_at,
        p.ends_at, p.active, p.hold_required, p.hold_ttl_s, p.token_ttl_s, p.code_pattern, p.price,
        domain::name(p.reward.kind), p.reward.value, p.metadata, c.last_seq, c.updated_at,
        c.archived_at)
      .run();
  tx.campaign_changed(c.id);
}

}  // namespace coupon::store
