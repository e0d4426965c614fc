#include "coupond/store/campaigns.h"

#include <limits>
#include <string>
#include <type_traits>
#include <vector>

#include "coupond/domain/policy_fields.h"
#include "src/store/row.h"

namespace coupon::store {
namespace {

constexpr char kCount[] = R"(
  SELECT count(*) FROM campaigns
   WHERE id > ?1 AND (?2 IS NULL OR mode = ?2) AND (?3 OR archived_at IS NULL)
     AND (?4 IS NULL OR active = ?4))";

constexpr char kLiveHolds[] = "SELECT count(*) FROM holds WHERE campaign_id = ? AND expires_at > ?";

constexpr char kSlugs[] = "SELECT id, slug FROM campaigns ORDER BY id";

constexpr char kLastId[] = "SELECT coalesce(max(id), 0) FROM campaigns";

using domain::Policy;
using domain::PolicyField;

// A policy field is one column of its name, but for the reward, which is two.
template <class M>
std::vector<std::string> columns_of(const PolicyField<M>& field) {
  const std::string name(field.name);
  if constexpr (std::is_same_v<M, domain::Reward>) return {name + "_kind", name + "_value"};
  return {name};
}

// The statements that name every column of a campaign: written once, from the table of its fields.
struct Statements {
  std::string by_id, by_uuid, by_slug, claim_by_name, list, insert, update;
};

Statements make_statements() {
  std::string names, marks, sets;
  domain::for_each_policy_field([&](const auto& field) {
    for (const std::string& column : columns_of(field)) {
      names += ", " + column;
      marks += ", ?";
      sets += ", " + column + " = ?";
    }
  });
  const std::string select =
      "SELECT id, uuid, slug, mode, name, description, issued, assigned, available, redeemed,"
      " rolled_back, voided, last_seq, created_at, updated_at, archived_at" +
      names + " FROM campaigns ";
  return {.by_id = select + "WHERE id = ?",
          .by_uuid = select + "WHERE uuid = ?",
          .by_slug = select + "WHERE slug = ?",
          .claim_by_name = select +
                           "WHERE mode = 'claim' AND archived_at IS NULL AND name = ?1 "
                           "COLLATE NOCASE AND id <> ?2 LIMIT 1",
          .list = select +
                  "WHERE id > ?1 AND (?2 IS NULL OR mode = ?2) AND (?3 OR archived_at IS NULL) "
                  "AND (?4 IS NULL OR active = ?4) ORDER BY id LIMIT ?5",
          .insert =
              "INSERT INTO campaigns (id, uuid, slug, mode, name, description, last_seq,"
              " created_at, updated_at" +
              names + ") VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?" + marks + ")",
          .update =
              "UPDATE campaigns SET slug = ?2, name = ?3, description = ?4, last_seq = ?5,"
              " updated_at = ?6, archived_at = ?7" +
              sets + " WHERE id = ?1"};
}

const Statements& statements() {
  static const Statements made = make_statements();
  return made;
}

constexpr int kFirstPolicyColumn = 16;  // of what Statements selects

void read_member(const Query& query, int& column, std::int64_t& out) {
  out = query.integer(column++);
}
void read_member(const Query& query, int& column, bool& out) { out = query.boolean(column++); }
void read_member(const Query& query, int& column, std::string& out) { out = query.text(column++); }
void read_member(const Query& query, int& column, core::Credit& out) {
  out.value = query.integer(column++);
}
void read_member(const Query& query, int& column, core::UnixMs& out) { out = query.time(column++); }
void read_member(const Query& query, int& column, domain::Reward& out) {
  out.kind = domain::parse_reward_kind(query.text(column++)).value();
  out.value = query.integer(column++);
}
template <class V>
void read_member(const Query& query, int& column, std::optional<V>& out) {
  out.reset();
  if (query.is_null(column)) {
    ++column;
  } else {
    read_member(query, column, out.emplace());
  }
}

domain::Campaign read_campaign(const Query& query) {
  domain::Campaign campaign{.id = {query.integer(0)},
                            .uuid = query.text(1),
                            .slug = query.text(2),
                            .mode = domain::parse_mode(query.text(3)).value(),
                            .name = query.text(4),
                            .description = query.text(5),
                            .counters = {.issued = query.integer(6),
                                         .assigned = query.integer(7),
                                         .available = query.integer(8),
                                         .redeemed = query.integer(9),
                                         .rolled_back = query.integer(10),
                                         .voided = query.integer(11)},
                            .last_seq = {query.integer(12)},
                            .created_at = query.time(13),
                            .updated_at = query.time(14),
                            .archived_at = query.maybe_time(15)};
  int column = kFirstPolicyColumn;
  domain::for_each_policy_field(
      [&](const auto& field) { read_member(query, column, campaign.policy.*field.member); });
  return campaign;
}

void bind_policy(Query& query, const Policy& policy) {
  domain::for_each_policy_field([&]<class M>(const PolicyField<M>& field) {
    if constexpr (std::is_same_v<M, domain::Reward>) {
      query.add(domain::name((policy.*field.member).kind), (policy.*field.member).value);
    } else {
      query.add(policy.*field.member);
    }
  });
}

// How an absent number or time is hashed: no other value is that one.
constexpr std::int64_t kAbsent = std::numeric_limits<std::int64_t>::min();

void hash_member(core::Hasher& hasher, std::int64_t value) { hasher.add(value); }
void hash_member(core::Hasher& hasher, bool value) { hasher.add(std::int64_t{value}); }
void hash_member(core::Hasher& hasher, const std::string& value) { hasher.add(value); }
void hash_member(core::Hasher& hasher, core::Credit value) { hasher.add(value.value); }
void hash_member(core::Hasher& hasher, core::UnixMs value) { hasher.add(value.value); }
void hash_member(core::Hasher& hasher, const domain::Reward& value) {
  hasher.add(domain::name(value.kind)).add(value.value);
}
template <class V>
void hash_member(core::Hasher& hasher, const std::optional<V>& value) {
  if (value) {
    hash_member(hasher, *value);
  } else if constexpr (std::is_same_v<V, std::string>) {
    hasher.add("");
  } else {
    hasher.add(kAbsent);
  }
}

void hash_policy(core::Hasher& hasher, const Policy& policy) {
  static const Policy defaults{};
  domain::for_each_policy_field([&](const auto& field) {
    const auto& value = policy.*field.member;
    switch (field.in_digest) {
      case domain::InDigest::kNever:
        return;
      case domain::InDigest::kUnlessDefault:
        if (value == defaults.*field.member) return;
        hasher.add(field.name);
        [[fallthrough]];
      case domain::InDigest::kAlways:
        hash_member(hasher, value);
    }
  });
}

template <class Key>
std::optional<domain::Campaign> find(Connection& connection, const std::string& sql,
                                     const Key& key) {
  Query query(connection, sql.c_str(), key);
  if (!query.next()) return std::nullopt;
  return read_campaign(query);
}

std::optional<std::string_view> mode_of(const CampaignFilter& filter) {
  if (!filter.mode) return std::nullopt;
  return domain::name(*filter.mode);
}

}  // namespace

std::optional<domain::Campaign> find_campaign(Connection& connection, core::CampaignId id) {
  return find(connection, statements().by_id, id);
}

std::optional<domain::Campaign> find_campaign_by_uuid(Connection& connection,
                                                      std::string_view uuid) {
  return find(connection, statements().by_uuid, uuid);
}

std::optional<domain::Campaign> find_campaign_by_slug(Connection& connection,
                                                      std::string_view slug) {
  return find(connection, statements().by_slug, slug);
}

bool claim_name_taken(Connection& connection, std::string_view name,
                      core::CampaignId by_other_than) {
  Query query(connection, statements().claim_by_name.c_str(), name, by_other_than);
  return query.next();
}

void visit_slugs(Connection& connection,
                 const std::function<void(core::CampaignId, const std::string&)>& visit) {
  Query query(connection, kSlugs);
  while (query.next()) visit({query.integer(0)}, query.text(1));
}

std::vector<domain::Campaign> list_campaigns(Connection& connection, const CampaignFilter& filter) {
  std::vector<domain::Campaign> campaigns;
  Query query(connection, statements().list.c_str(), filter.after, mode_of(filter), filter.archived,
              filter.active, filter.limit);
  while (query.next()) campaigns.push_back(read_campaign(query));
  return campaigns;
}

std::int64_t count_campaigns(Connection& connection, const CampaignFilter& filter) {
  return read_integer(connection, kCount, filter.after, mode_of(filter), filter.archived,
                      filter.active);
}

std::int64_t count_live_holds(Connection& connection, core::CampaignId id, core::UnixMs now) {
  return read_integer(connection, kLiveHolds, id, now);
}

core::Digest policy_digest(const domain::Campaign& campaign) {
  core::Hasher hasher;
  hasher.add(campaign.uuid).add(campaign.slug).add(domain::name(campaign.mode));
  hasher.add(campaign.name).add(campaign.description);
  hash_policy(hasher, campaign.policy);
  hash_member(hasher, campaign.archived_at);
  return hasher.finish();
}

core::CampaignId last_campaign_id(Connection& connection) {
  return {read_integer(connection, kLastId)};
}

core::CampaignId next_campaign_id(Tx& tx) { return {last_campaign_id(tx.db()).value + 1}; }

void insert_campaign(Tx& tx, const domain::Campaign& c) {
  Query query(tx.db(), statements().insert.c_str(), c.id, c.uuid, c.slug, domain::name(c.mode),
              c.name, c.description, c.last_seq, c.created_at, c.updated_at);
  bind_policy(query, c.policy);
  query.run();
  tx.campaign_changed(c.id);
}

void update_campaign(Tx& tx, const domain::Campaign& c) {
  Query query(tx.db(), statements().update.c_str(), c.id, c.slug, c.name, c.description, c.last_seq,
              c.updated_at, c.archived_at);
  bind_policy(query, c.policy);
  query.run();
  tx.campaign_changed(c.id);
}

std::vector<std::string> campaign_statements() {
  const Statements& all = statements();
  return {all.by_id, all.by_uuid, all.by_slug, all.claim_by_name, all.list, all.insert, all.update};
}

}  // namespace coupon::store
