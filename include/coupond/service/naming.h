// What a person means by a name: the one place that decides it, for the API and the command line.
// Ids and names share one argument, so a name that could be an id is refused where it is made;
// those that an older version let through are found, but never mistaken: when two could be meant,
// neither is. Reads on any connection, by the thread that holds it.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "coupond/core/result.h"
#include "coupond/domain/campaign.h"
#include "coupond/domain/user.h"
#include "coupond/store/connection.h"

namespace coupon::service {

// An account by e-mail address, username, number or UUID; "id:7" is a number or UUID, "user:7" a
// username and "external:7" an external_id, whatever else there is. kUnknownUser; kInvalidRequest,
// naming both, when the text is one account's id and another's username.
core::Result<domain::User> find_user_named(store::Connection& connection, std::string_view name);

// An account by number or UUID alone. kUnknownUser.
core::Result<domain::User> find_user_by_id(store::Connection& connection, std::string_view id);

// How a request names a customer: by the address, in any case, or by what another system calls
// them.
struct CustomerName {
  std::optional<std::string> email = {};
  std::optional<std::string> external_id = {};
};
// kUnknownUser; kInvalidRequest for what cannot be an address.
core::Result<domain::User> find_customer(store::Connection& connection, const CustomerName& name);

// A campaign by slug, number or UUID; "id:7" and "slug:7" as above. kUnknownCampaign;
// kInvalidRequest when two could be meant.
core::Result<domain::Campaign> find_campaign(store::Connection& connection, std::string_view name);

// Names in the database that could be taken for ids, as sentences for their owner: at most `limit`
// of them.
std::vector<std::string> names_like_ids(store::Connection& connection, std::size_t limit);

// Accounts whose usernames are one to a reader, or mix scripts, as sentences: at most `limit` of
// them.
std::vector<std::string> names_alike(store::Connection& connection, std::size_t limit);

}  // namespace coupon::service
