#include <algorithm>
#include <iostream>
#include <map>

#include "coupond/app/campaign_fields.h"
#include "src/cli/desk_command.h"

namespace coupon::cli {
namespace {

struct CampaignInput {
  std::string data = "./coupond-data";
  std::string mode;
  std::string campaign;
  std::map<std::string, std::string> fields;  // those given, by name
};

// "max_issued" → "--max-issued"
std::string flag_of(std::string name) {
  std::replace(name.begin(), name.end(), '_', '-');
  return "--" + name;
}

void add_fields(CLI::App& command, CampaignInput& input) {
  for (const app::CampaignField& field : app::campaign_fields()) {
    command
        .add_option_function<std::string>(
            flag_of(field.name),
            [&input, name = field.name](const std::string& text) { input.fields[name] = text; },
            field.help)
        ->type_name(field.type);
  }
}

int list(const CampaignInput& input) {
  return at_desk(input.data, [](Desk& desk) -> int {
    const auto campaigns = desk.call("campaign.list", Json::object());
    if (!campaigns.ok()) return fail(campaigns.error());
    for (const Json& one : campaigns->at("items")) {
      const char* state = one.at("archived").get<bool>() ? "archived"
                          : one.at("active").get<bool>() ? "active"
                                                         : "inactive";
      std::cout << text_of(one, "slug") << "\t" << text_of(one, "mode") << "\t" << state
                << "\tissued " << one.at("issued") << ", redeemed " << one.at("redeemed")
                << ", left "
                << (one.at("remaining").is_null() ? "unlimited" : text_of(one, "remaining")) << "\t"
                << text_of(one, "name") << "\n";
    }
    return kDone;
  });
}

int create(const CampaignInput& input) {
  return at_desk(input.data, [&](Desk& desk) -> int {
    const auto made =
        desk.call("campaign.create", {{"mode", input.mode}, {"fields", input.fields}});
    if (!made.ok()) return fail(made.error());
    std::cout << "Campaign " << text_of(*made, "slug") << " made.\n";
    return kDone;
  });
}

int set(const CampaignInput& input) {
  if (input.fields.empty()) {
    return fail(
        "Say what to set, such as --max-issued 500. `coupond campaign set --help` says "
        "what there is.",
        kUsage);
  }
  return at_desk(input.data, [&](Desk& desk) -> int {
    const auto changed =
        desk.call("campaign.set", {{"campaign", input.campaign}, {"fields", input.fields}});
    if (!changed.ok()) return fail(changed.error());
    std::cout << "Campaign " << text_of(*changed, "slug") << " changed.\n";
    return kDone;
  });
}

}  // namespace

void add_campaign(CommandLine& line) {
  const auto input = std::make_shared<CampaignInput>();
  CLI::App& campaign = *line.root.add_subcommand("campaign", "List, make and change campaigns");
  campaign.require_subcommand(1);
  add_desk_command(line, campaign, "list", "Every campaign with its counters", input, list);
  CLI::App* made = add_desk_command(line, campaign, "create", "Make a campaign", input, create);
  made->add_option("--mode", input->mode, "token, pool, shared, card or claim")->required();
  made->footer(
      "Example: coupond campaign create --mode pool --name \"Members 2027\" --max-per-user 3");
  add_fields(*made, *input);
  CLI::App* changed =
      add_desk_command(line, campaign, "set", "Change what is given, leave the rest", input, set);
  changed->add_option("campaign", input->campaign, "Slug, id or UUID; id:7 is an id, slug:7 a slug")
      ->required();
  changed->footer("Example: coupond campaign set tokens --max-issued 500 --max-per-user 1");
  add_fields(*changed, *input);
}

}  // namespace coupon::cli
