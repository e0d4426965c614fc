// Invitations that wait for a device to become a till: facts of the file (meta `till/ID`), so that
// they outlive a restart. The ID is a keyed hash of the eight digits, which nobody without
// secret.key can take it back to.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "coupond/store/tx.h"

namespace coupon::store {

struct TillInvitation {
  std::string id;
  std::string name;                    // the till's
  std::optional<core::UserId> inviter;  // absent: the command line
  core::UnixMs expires_at;
};

std::optional<TillInvitation> find_till_invitation(Connection& connection, const std::string& id);
// In order of id, at most 1,000.
std::vector<TillInvitation> list_till_invitations(Connection& connection);
// Replaces the one of that id.
void put_till_invitation(Tx& tx, const TillInvitation& invitation);
void remove_till_invitation(Tx& tx, const std::string& id);
void remove_till_invitations(Tx& tx);

}  // namespace coupon::store
