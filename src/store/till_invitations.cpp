#include "coupond/store/till_invitations.h"

#include "coupond/core/flat_json.h"

namespace coupon::store {
namespace {

constexpr std::string_view kPrefix = "till/";

constexpr char kFind[] = "SELECT name, value FROM meta WHERE name = ?";
// '0' follows '/'.
constexpr char kList[] = R"(
  SELECT name, value FROM meta WHERE name > 'till/' AND name < 'till0'
   ORDER BY name LIMIT 1000)";
constexpr char kPut[] = R"(
  INSERT INTO meta (name, value) VALUES (?1, ?2)
      ON CONFLICT (name) DO UPDATE SET value = excluded.value)";
constexpr char kRemove[] = "DELETE FROM meta WHERE name = ?";
constexpr char kRemoveAll[] = "DELETE FROM meta WHERE name > 'till/' AND name < 'till0'";

std::string fact_of(const std::string& id) { return std::string(kPrefix) + id; }

// What cannot be read is no invitation: it has ended.
TillInvitation invitation_of(const Query& query) {
  TillInvitation invitation{.id = query.text(0).substr(kPrefix.size()),
                            .name = {},
                            .inviter = {},
                            .expires_at = {}};
  const auto json = core::FlatJson::parse(query.text(1));
  if (!json) return invitation;
  invitation.name = json->text("name").value_or("");
  if (const auto user = json->number("inviter")) invitation.inviter = core::UserId{*user};
  invitation.expires_at = {json->number("until").value_or(0)};
  return invitation;
}

}  // namespace

std::optional<TillInvitation> find_till_invitation(Connection& connection, const std::string& id) {
  Query query(connection, kFind, fact_of(id));
  if (!query.next()) return std::nullopt;
  return invitation_of(query);
}

std::vector<TillInvitation> list_till_invitations(Connection& connection) {
  std::vector<TillInvitation> invitations;
  Query query(connection, kList);
  while (query.next()) invitations.push_back(invitation_of(query));
  return invitations;
}

void put_till_invitation(Tx& tx, const TillInvitation& invitation) {
  core::FlatJsonWriter json;
  json.add("name", invitation.name).add("until", invitation.expires_at.value);
  if (invitation.inviter) json.add("inviter", invitation.inviter->value);
  Query(tx.db(), kPut, fact_of(invitation.id), json.finish()).run();
}

void remove_till_invitation(Tx& tx, const std::string& id) {
  Query(tx.db(), kRemove, fact_of(id)).run();
}

void remove_till_invitations(Tx& tx) { Query(tx.db(), kRemoveAll).run(); }

}  // namespace coupon::store
