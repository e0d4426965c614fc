#include <algorithm>
#include <charconv>
#include <iostream>
#include <map>

#include "coupond/app/document.h"
#include "coupond/core/time_text.h"
#include "src/cli/channel_command.h"

namespace coupon::cli {
namespace {

using http::FieldSpec;
using http::Type;

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

// What a field is called in the help, and what it must be.
struct Words {
  const char* type;
  const char* sentence;
};
Words words_for(const FieldSpec& field) {
  switch (field.value.type) {
    case Type::kInteger:
      return {"N", "a whole number"};
    case Type::kBoolean:
      return {"yes|no", "yes or no"};
    case Type::kTime:
      return {"TIME", "a date or a time"};
    case Type::kObject:
      return {"KIND:VALUE", "a kind and a value, as in credit:5"};
    case Type::kFree:
      return {"JSON", "JSON"};
    default:
      return {"TEXT", "a text"};
  }
}

bool may_be_none(const FieldSpec& field) {
  return field.nullable || field.value.type == Type::kObject;
}

// The API's sentence about the field, in the words of a command line.
std::string help_of(const FieldSpec& field) {
  std::string text = field.doc;
  if (const std::size_t at = text.find("null:"); at != std::string::npos) {
    text.replace(at, 4, "none");
  }
  if (field.value.type == Type::kTime) text += " RFC 3339 or a date.";
  if (field.value.type == Type::kObject) {
    text += " subscription:DAYS, credit:N, percent_off:N or amount_off:N.";
  }
  if (text.ends_with('.')) text.pop_back();  // as no other flag's help ends with one
  return text;
}

std::optional<Json> number_in(std::string_view text) {
  std::int64_t number = 0;
  const auto [end, problem] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (problem != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return Json(number);
}

std::optional<Json> reward_in(const std::string& text) {
  if (text == "none") return Json{{"kind", "none"}};
  const std::size_t colon = text.find(':');
  if (colon == std::string::npos) return std::nullopt;
  const auto value = number_in(std::string_view(text).substr(colon + 1));
  if (!value) return std::nullopt;
  return Json{{"kind", text.substr(0, colon)}, {"value", *value}};
}

// What was typed as the JSON that the API takes; nothing when it cannot be that.
std::optional<Json> value_of(const FieldSpec& field, const std::string& text) {
  if (field.nullable && text == "none") return Json();
  switch (field.value.type) {
    case Type::kInteger:
      return number_in(text);
    case Type::kBoolean:
      if (text != "yes" && text != "no") return std::nullopt;
      return Json(text == "yes");
    case Type::kTime: {
      // As typed: a date alone is a day in the server's zone.
      if (!core::parse_local_time(text, field.value.date_means).ok()) return std::nullopt;
      return Json(text);
    }
    case Type::kObject:
      return reward_in(text);
    case Type::kFree: {
      const auto json = http::parse_json(text);
      if (!json.ok()) return std::nullopt;
      return Json(*json);
    }
    default:
      return Json(text);
  }
}

// What the API takes that is no argument of its own: the policy and the names.
bool is_flag(const FieldSpec& field) { return field.name != "mode" && field.name != "campaign"; }

void add_fields(const Command& command, const http::Shape& shape, CampaignInput& input) {
  for (const FieldSpec& field : shape.fields) {
    if (!is_flag(field)) continue;
    command
        .add_option(
            flag_of(field.name),
            [&input, name = field.name](const std::string& text) { input.fields[name] = text; },
            help_of(field))
        .type_name(words_for(field).type);
  }
}

// Adds the fields given to `body`. kInvalidRequest names the flag that does not fit.
core::Result<Json> body_of(const CampaignInput& input, const http::Shape& shape, Json body) {
  for (const auto& [name, text] : input.fields) {
    const FieldSpec& field = *shape.find(name);
    auto value = value_of(field, text);
    if (!value && field.value.type == Type::kTime) {
      return core::Error{
          .reason = core::Reason::kInvalidRequest,
          .message = flag_of(name) + ": " +
                     core::parse_local_time(text, field.value.date_means).error().message +
                     (may_be_none(field) ? ", or none." : ".")};
    }
    if (!value) {
      return core::Error{.reason = core::Reason::kInvalidRequest,
                         .message = flag_of(name) + " must be " + words_for(field).sentence +
                                    (may_be_none(field) ? ", or none" : "") + ", not \"" + text +
                                    "\"."};
    }
    body[name] = *std::move(value);
  }
  return body;
}

void print(const Json& campaign) {
  const char* state = !campaign.at("archived_at").is_null() ? "archived"
                      : campaign.at("active").get<bool>()   ? "active"
                                                            : "inactive";
  std::cout << text_of(campaign, "slug") << "\t" << text_of(campaign, "mode") << "\t" << state
            << "\tissued " << campaign.at("issued") << ", redeemed " << campaign.at("redeemed")
            << ", left "
            << (campaign.at("remaining").is_null() ? "unlimited" : text_of(campaign, "remaining"))
            << "\t" << text_of(campaign, "name") << "\n";
}

int list(const CampaignInput& input) {
  return with_channel(input.data, [](ControlChannel& channel) -> int {
    const auto done = each_item(channel, "/api/v1/campaigns?archived=true&limit=1000", print);
    return done.ok() ? printed() : fail(done.error());
  });
}

int create(const CampaignInput& input) {
  const auto body = body_of(input, app::new_campaign_shape(), Json{{"mode", input.mode}});
  if (!body.ok()) return fail(body.error(), kUsage);
  return with_channel(input.data, [&](ControlChannel& channel) -> int {
    const auto made = channel.call("POST", "/api/v1/campaigns", *body);
    if (!made.ok()) return fail(made.error());
    std::cout << "Campaign " << text_of(*made, "slug") << " made.\n";
    return printed();
  });
}

int set(const CampaignInput& input) {
  if (input.fields.empty()) {
    return fail(
        "Say what to set, such as --max-issued 500. `coupond campaign set --help` says "
        "what there is.",
        kUsage);
  }
  const auto body = body_of(input, app::campaign_patch_shape(), Json::object());
  if (!body.ok()) return fail(body.error(), kUsage);
  return with_channel(input.data, [&](ControlChannel& channel) -> int {
    const auto changed =
        channel.call("PATCH", "/api/v1/campaigns/" + http::percent_encode(input.campaign), *body);
    if (!changed.ok()) return fail(changed.error());
    std::cout << "Campaign " << text_of(*changed, "slug") << " changed.\n";
    // A date was typed, an instant is what counts.
    for (const char* time : {"starts_at", "ends_at"}) {
      if (input.fields.contains(time)) {
        std::cout << time << " is "
                  << (changed->at(time).is_null() ? "none" : text_of(*changed, time)) << ".\n";
      }
    }
    if (changed->contains("codes_out")) std::cout << text_of(*changed, "codes_out") << "\n";
    return printed();
  });
}

int move(const CampaignInput& input, const char* method, const char* verb, const char* told,
         const Json& body) {
  return with_channel(input.data, [&](ControlChannel& channel) -> int {
    const std::string path = "/api/v1/campaigns/" + http::percent_encode(input.campaign) + verb;
    const auto moved = channel.call(method, path, body);
    if (!moved.ok()) return fail(moved.error());
    std::cout << "Campaign " << text_of(*moved, "slug") << told << "\n";
    return printed();
  });
}

int archive(const CampaignInput& input) { return move(input, "DELETE", "", " archived.", Json()); }
int unarchive(const CampaignInput& input) {
  return move(input, "POST", "/unarchive", " is open again, as it was.", Json::object());
}

}  // namespace

void add_campaign(const Command& root) {
  const auto input = std::make_shared<CampaignInput>();
  const Command campaign = root.add_subcommand("campaign", "List, make and change campaigns");
  campaign.needs_subcommand();
  add_data_command(campaign, "list", "Every campaign with its counters", input, list);
  const Command made = add_data_command(campaign, "create", "Make a campaign", input, create);
  made.add_option("--mode", input->mode, "token, pool, shared, card or claim").required();
  made.footer(
      "Example: coupond campaign create --mode pool --name \"Members 2027\" --max-per-user 3");
  add_fields(made, app::new_campaign_shape(), *input);
  const Command changed =
      add_data_command(campaign, "set", "Change what is given, leave the rest", input, set);
  changed.add_option("campaign", input->campaign, "Slug, id or UUID; id:7 is an id, slug:7 a slug")
      .required();
  for (const auto& [name, about, run] :
       {std::tuple{"archive", "End a campaign; its codes stay on record", &archive},
        std::tuple{"unarchive", "Take a campaign out of the archive", &unarchive}}) {
    add_data_command(campaign, name, about, input, run)
        .add_option("campaign", input->campaign, "Slug, id or UUID")
        .required();
  }
  changed.footer(
      "The word none takes a setting away, as in --ends-at none.\n"
      "Example: coupond campaign set tokens --max-issued 500 --max-per-user 1");
  add_fields(changed, app::campaign_patch_shape(), *input);
}

}  // namespace coupon::cli
