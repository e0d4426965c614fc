#include "coupond/store/users.h"

#include "coupond/core/assert.h"
#include "coupond/core/email.h"
#include "coupond/core/limits.h"

namespace coupon::store {
namespace {

#define COUPOND_USER_COLUMNS                                                                  \
  "SELECT id, uuid, email, username, name, role, active, password_hash, token_epoch, credit," \
  " subscription_ends_at, created_at, made_by_key, external_id "                              \
  "FROM users JOIN balances ON user_id = id "

constexpr char kById[] = COUPOND_USER_COLUMNS "WHERE id = ?";
constexpr char kActive[] = "SELECT 1 FROM users WHERE id = ? AND active = 1";
constexpr char kByUuid[] = COUPOND_USER_COLUMNS "WHERE uuid = ?";
constexpr char kByEmail[] = COUPOND_USER_COLUMNS "WHERE email_key = ?";
constexpr char kByExternalId[] = COUPOND_USER_COLUMNS "WHERE external_id = ?";
constexpr char kUsernameTaken[] = "SELECT 1 FROM users WHERE username = ? COLLATE NOCASE";
constexpr char kByUsername[] = COUPOND_USER_COLUMNS "WHERE username = ?";
constexpr char kList[] = COUPOND_USER_COLUMNS
    "WHERE id > ?1 AND (?2 IS NULL OR role = ?2) AND (?3 IS NULL OR active = ?3) "
    "ORDER BY id LIMIT ?4 OFFSET ?5";
#undef COUPOND_USER_COLUMNS

constexpr char kCount[] = R"(
  SELECT count(*) FROM users
   WHERE id > ?1 AND (?2 IS NULL OR role = ?2) AND (?3 IS NULL OR active = ?3))";

constexpr char kAnyAdmin[] =
    "SELECT 1 FROM users WHERE role = 'admin' AND active IN (0, 1) LIMIT 1";
constexpr char kOtherAdmin[] =
    "SELECT 1 FROM users WHERE role = 'admin' AND active = 1 AND id <> ? LIMIT 1";

constexpr char kUsernames[] =
    "SELECT id, username FROM users WHERE username IS NOT NULL ORDER BY id";

constexpr char kMadeByKey[] = "SELECT id FROM users WHERE made_by_key = ? ORDER BY id";

constexpr char kOtherHuman[] = R"(
  SELECT 1 FROM users INDEXED BY users_in_charge
   WHERE role = 'admin' AND active = 1 AND made_by_key IS NULL AND id <> ? LIMIT 1)";

constexpr char kNextId[] = R"(
  SELECT CASE WHEN low < ?1 THEN low + 1 ELSE (SELECT max(id) FROM users) + 1 END
    FROM (SELECT coalesce(max(id), 0) AS low FROM users WHERE id <= ?1))";

constexpr char kInsert[] = R"(
  INSERT INTO users (id, uuid, email, email_key, username, name, role, active, password_hash,
    token_epoch, created_at, made_by_key, external_id)
  VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?))";
constexpr char kInsertBalance[] =
    "INSERT INTO balances (user_id, credit, subscription_ends_at) VALUES (?, ?, ?)";

constexpr char kUpdate[] = R"(
  UPDATE users SET name = ?2, role = ?3, active = ?4, password_hash = ?5, token_epoch = ?6,
    email = ?7, email_key = ?8, username = ?9, external_id = ?10
   WHERE id = ?1)";

constexpr char kAddCredit[] = R"(
  UPDATE balances SET credit = credit + ?2
   WHERE user_id = ?1 AND credit + ?2 BETWEEN 0 AND ?3)";

domain::User read_user(const Query& query) {
  domain::User user{.id = {query.integer(0)},
                    .uuid = query.text(1),
                    .email = query.text(2),
                    .username = query.maybe_text(3),
                    .name = query.text(4),
                    .role = domain::parse_role(query.text(5)).value(),
                    .active = query.boolean(6),
                    .password_hash = query.text(7),
                    .token_epoch = query.integer(8),
                    .credit = {query.integer(9)},
                    .subscription_ends_at = query.maybe_time(10),
                    .created_at = query.time(11),
                    .made_by_key = query.maybe_integer(12)};
  user.external_id = query.maybe_text(13);
  return user;
}

template <class Key>
std::optional<domain::User> find(Connection& connection, const char* sql, const Key& key) {
  Query query(connection, sql, key);
  if (!query.next()) return std::nullopt;
  return read_user(query);
}

core::UserId next_id(Tx& tx) {
  Query query(tx.db(), kNextId, kOrdinaryIds);
  query.next();
  return {query.integer(0)};
}

std::optional<std::string_view> role_of(const UserFilter& filter) {
  if (!filter.role) return std::nullopt;
  return domain::name(*filter.role);
}

}  // namespace

std::optional<domain::User> find_user(Connection& connection, core::UserId id) {
  return find(connection, kById, id);
}

bool is_active(Connection& connection, core::UserId id) {
  return Query(connection, kActive, id).next();
}

std::optional<domain::User> find_user_by_uuid(Connection& connection, std::string_view uuid) {
  return find(connection, kByUuid, uuid);
}

std::optional<domain::User> find_user_by_email(Connection& connection, std::string_view email) {
  auto user = find(connection, kByEmail, email);
  if (user) return user;
  const std::string account = core::account_email(email);
  return account == email ? user : find(connection, kByEmail, account);
}

std::optional<domain::User> find_user_by_external_id(Connection& connection,
                                                     std::string_view external_id) {
  return find(connection, kByExternalId, external_id);
}

std::optional<domain::User> find_user_by_username(Connection& connection,
                                                  std::string_view username) {
  return find(connection, kByUsername, username);
}

std::vector<domain::User> list_users(Connection& connection, const UserFilter& filter) {
  std::vector<domain::User> users;
  Query query(connection, kList, filter.after, role_of(filter), filter.active, filter.limit,
              filter.offset);
  while (query.next()) users.push_back(read_user(query));
  return users;
}

bool username_taken(Connection& connection, std::string_view username) {
  return Query(connection, kUsernameTaken, username).next();
}

void visit_usernames(Connection& connection,
                     const std::function<void(core::UserId, const std::string&)>& visit) {
  Query query(connection, kUsernames);
  while (query.next()) visit({query.integer(0)}, query.text(1));
}

std::int64_t count_users(Connection& connection, const UserFilter& filter) {
  Query query(connection, kCount, filter.after, role_of(filter), filter.active);
  query.next();
  return query.integer(0);
}

bool admin_exists(Connection& connection) { return Query(connection, kAnyAdmin).next(); }

bool has_other_admin(Connection& connection, core::UserId id) {
  return Query(connection, kOtherAdmin, id).next();
}

// No address has a blank in it.
std::string email_key(const domain::User& user) {
  if (!user.email.empty()) return user.email;
  if (user.external_id) return "external_id " + *user.external_id;
  return "erased " + user.uuid;
}

core::Digest user_digest(const domain::User& user) {
  core::Hasher hasher;
  hasher.add(user.uuid).add(domain::name(user.role)).add(std::int64_t{user.active});
  hasher.add(user.email).add(user.password_hash);
  if (user.username) {
    hasher.add(*user.username);
  } else {
    hasher.add_null();
  }
  if (user.made_by_key) {
    hasher.add(*user.made_by_key);
  } else {
    hasher.add_null();
  }
  if (user.external_id) hasher.add(*user.external_id);
  return hasher.finish();
}

std::vector<core::UserId> users_made_by_key(Connection& connection, std::int64_t key) {
  std::vector<core::UserId> ids;
  Query query(connection, kMadeByKey, key);
  while (query.next()) ids.push_back({query.integer(0)});
  return ids;
}

bool is_only_human_in_charge(Connection& connection, core::UserId id) {
  Query query(connection, kOtherHuman, id);
  return !query.next();
}

core::UserId insert_user(Tx& tx, const domain::User& user) {
  COUPOND_ASSERT(user.credit.value >= 0 && user.credit.value <= core::limits::kCreditMax);
  const core::UserId id = user.id.value != 0 ? user.id : next_id(tx);
  Query(tx.db(), kInsert, id, user.uuid, user.email, email_key(user), user.username, user.name,
        domain::name(user.role), user.active, user.password_hash, user.token_epoch, user.created_at,
        user.made_by_key, user.external_id)
      .run();
  Query(tx.db(), kInsertBalance, id, user.credit, user.subscription_ends_at).run();
  return id;
}

void update_user(Tx& tx, const domain::User& user) {
  Query(tx.db(), kUpdate, user.id, user.name, domain::name(user.role), user.active,
        user.password_hash, user.token_epoch, user.email, email_key(user), user.username,
        user.external_id)
      .run();
}

bool add_credit(Tx& tx, core::UserId id, core::Credit delta) {
  return Query(tx.db(), kAddCredit, id, delta, core::limits::kCreditMax).run() == 1;
}

}  // namespace coupon::store
