#include "coupond/service/naming.h"

#include <map>
#include <optional>
#include <utility>

#include "coupond/core/ascii.h"
#include "coupond/core/email.h"
#include "coupond/core/fold.h"
#include "coupond/core/ids.h"
#include "coupond/store/campaigns.h"
#include "coupond/store/users.h"

namespace coupon::service {
namespace {

using core::Reason;
using domain::Campaign;
using domain::User;
using store::Connection;

constexpr std::string_view kIdMark = "id:";
constexpr std::string_view kUserMark = "user:";
constexpr std::string_view kExternalMark = "external:";
constexpr std::string_view kSlugMark = "slug:";

// What follows the mark, if the text begins with it.
std::optional<std::string_view> after(std::string_view mark, std::string_view text) {
  if (!text.starts_with(mark)) return std::nullopt;
  return text.substr(mark.size());
}

std::optional<User> user_with_id(Connection& connection, std::string_view id) {
  if (const auto number = core::parse_id(id)) {
    return store::find_user(connection, core::UserId{*number});
  }
  // A UUID; of the demo's two accounts of the book service, their 24 hex digits.
  return store::find_user_by_uuid(connection, core::to_lower(id));
}

std::optional<Campaign> campaign_with_id(Connection& connection, std::string_view id) {
  if (core::is_uuid(id)) return store::find_campaign_by_uuid(connection, core::to_lower(id));
  const auto number = core::parse_id(id);
  if (!number) return std::nullopt;
  return store::find_campaign(connection, core::CampaignId{*number});
}

std::optional<User> user_with_email(Connection& connection, std::string_view text) {
  const auto email = core::canonical_email(text);
  if (!email.ok()) return std::nullopt;
  return store::find_user_by_email(connection, *email);
}

std::string shown(const User& user) {
  return "id:" + std::to_string(user.id.value) + " (" + user.email + ")";
}

std::string shown(const Campaign& campaign) {
  return "id:" + std::to_string(campaign.id.value) + " (" + campaign.slug + ")";
}

// The one that is meant, when it is one; `by_id` and `by_name` may be the same.
template <class Found>
core::Result<Found> the_one(std::optional<Found> by_id, std::optional<Found> by_name,
                            std::string_view text, std::string_view mark, Reason unknown) {
  if (by_id && by_name && by_id->id != by_name->id) {
    return core::Error{.reason = Reason::kInvalidRequest,
                       .message = "\"" + std::string(text) + "\" is the id of " + shown(*by_id) +
                                  " and the name of " + shown(*by_name) +
                                  ". Say id:" + std::string(text) + " or " + std::string(mark) +
                                  std::string(text)};
  }
  if (by_id) return *std::move(by_id);
  if (by_name) return *std::move(by_name);
  return unknown;
}

}  // namespace

core::Result<User> find_user_named(Connection& connection, std::string_view name) {
  if (const auto id = after(kIdMark, name)) return find_user_by_id(connection, *id);
  std::optional<User> by_id;
  std::optional<User> by_name;
  if (const auto username = after(kUserMark, name)) {
    by_name = store::find_user_by_username(connection, *username);
  } else if (const auto external = after(kExternalMark, name)) {
    by_name = store::find_user_by_external_id(connection, *external);
  } else if (name.find('@') != std::string_view::npos) {
    by_name = user_with_email(connection, name);
  } else {
    by_id = user_with_id(connection, name);
    by_name = store::find_user_by_username(connection, name);
  }
  return the_one(std::move(by_id), std::move(by_name), name, kUserMark, Reason::kUnknownUser);
}

core::Result<User> find_user_by_id(Connection& connection, std::string_view id) {
  return the_one(user_with_id(connection, id), std::optional<User>(), id, kUserMark,
                 Reason::kUnknownUser);
}

core::Result<User> find_customer(Connection& connection, const CustomerName& name) {
  std::optional<User> found;
  if (name.external_id) {
    found = store::find_user_by_external_id(connection, *name.external_id);
  } else {
    const auto email = core::canonical_email(name.email.value_or(""));
    if (!email.ok()) return email.error();
    found = store::find_user_by_email(connection, *email);
  }
  if (!found) return Reason::kUnknownUser;
  return *std::move(found);
}

core::Result<Campaign> find_campaign(Connection& connection, std::string_view name) {
  std::optional<Campaign> by_id;
  std::optional<Campaign> by_slug;
  if (const auto id = after(kIdMark, name)) {
    by_id = campaign_with_id(connection, *id);
  } else if (const auto slug = after(kSlugMark, name)) {
    by_slug = store::find_campaign_by_slug(connection, *slug);
  } else {
    by_id = campaign_with_id(connection, name);
    by_slug = store::find_campaign_by_slug(connection, name);
  }
  return the_one(std::move(by_id), std::move(by_slug), name, kSlugMark, Reason::kUnknownCampaign);
}

std::vector<std::string> names_like_ids(Connection& connection, std::size_t limit) {
  std::vector<std::string> found;
  const auto look = [&](const char* what, std::string_view mark, const std::string& name,
                        std::int64_t id) {
    if (found.size() == limit || !core::could_be_id(name)) return;
    found.push_back(std::string(what) + " id:" + std::to_string(id) + " is named \"" + name +
                    "\", which could be an id: say " + std::string(mark) + name);
  };
  store::visit_usernames(connection, [&](core::UserId id, const std::string& name) {
    look("the account", kUserMark, name, id.value);
  });
  store::visit_slugs(connection, [&](core::CampaignId id, const std::string& slug) {
    look("the campaign", kSlugMark, slug, id.value);
  });
  return found;
}

std::vector<std::string> names_alike(Connection& connection, std::size_t limit) {
  std::vector<std::string> found;
  std::map<std::string, core::UserId> seen;
  store::visit_usernames(connection, [&](core::UserId id, const std::string& name) {
    const auto [first, is_new] = seen.emplace(core::nfkc_casefold(name), id);
    if (found.size() == limit) return;
    std::string line =
        "the account id:" + std::to_string(id.value) + " is named \"" + name + "\", ";
    if (!is_new) {
      line += "which looks like the username of id:" + std::to_string(first->second.value);
    } else if (core::mixes_scripts(name)) {
      line += "which mixes letters of different scripts in one word: it may look like another's";
    } else if (core::looks_latin(name)) {
      line += "whose letters are not the Latin ones that they look like";
    } else {
      return;
    }
    found.push_back(std::move(line));
  });
  return found;
}

}  // namespace coupon::service
