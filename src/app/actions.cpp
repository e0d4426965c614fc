#include "coupond/app/actions.h"

#include <array>
#include <nlohmann/json.hpp>

#include "src/app/action_list.h"

namespace coupon::app {
namespace {

struct Row {
  std::string_view name;
  core::Result<Json> (*run)(service::Engine&, const Json& in);
};

constexpr std::array kActions{
    Row{"admin.create", admin_create},   Row{"admin.reset_password", admin_reset_password},
    Row{"admin.list", admin_list},       Row{"user.list", user_list},
    Row{"user.set_role", user_set_role}, Row{"user.set_credit", user_set_credit},
    Row{"campaign.list", campaign_list}, Row{"campaign.create", campaign_create},
    Row{"campaign.set", campaign_set},   Row{"codes.generate", codes_generate},
    Row{"codes.import", codes_import},   Row{"codes.export", codes_export},
};

core::Error invalid(std::string message) {
  return {.reason = core::Reason::kInvalidRequest, .message = std::move(message)};
}

}  // namespace

core::Result<Json> perform(service::Engine& engine, std::string_view action, const Json& in) {
  for (const Row& row : kActions) {
    if (row.name != action) continue;
    try {
      return row.run(engine, in);
    } catch (const Json::exception& error) {
      return invalid(std::string(action) + ": " + error.what());
    }
  }
  return invalid("The server does not know " + std::string(action) +
                 ": it is another version than this command.");
}

std::string describe(const core::Error& error) {
  std::string text = error.message.empty() ? std::string(sentence(error.reason)) : error.message;
  if (error.reason == core::Reason::kStorageFull) {
    text += ". Nothing was changed. Make room, or delete BALLAST in the data directory for 16 MiB";
  }
  for (const auto& field : error.fields) {
    if (text.find(field.message) == std::string::npos) {
      text += " (" + field.field + ": " + field.message + ")";
    }
  }
  return text;
}

}  // namespace coupon::app
