#include "coupond/app/campaign_fields.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdint>

#include "coupond/core/time_text.h"

namespace coupon::app {
namespace {

using domain::Campaign;

// How a text becomes a member; false when it does not fit.
bool read(const std::string& text, std::string& out) {
  out = text;
  return true;
}
bool read(const std::string& text, std::int64_t& out) {
  const auto [end, problem] = std::from_chars(text.data(), text.data() + text.size(), out);
  return problem == std::errc() && end == text.data() + text.size();
}
bool read(const std::string& text, core::Credit& out) { return read(text, out.value); }
bool read(const std::string& text, bool& out) {
  out = text == "yes";
  return out || text == "no";
}
bool read(const std::string& text, core::UnixMs& out) {
  const auto at = core::parse_time(text);
  if (at.ok()) out = *at;
  return at.ok();
}
// "none", "subscription:30", "credit:100", "percent_off:10", "amount_off:500".
bool read(const std::string& text, domain::Reward& out) {
  const std::size_t colon = std::min(text.find(':'), text.size());
  const auto kind = domain::parse_reward_kind(text.substr(0, colon));
  if (!kind) return false;
  out = {.kind = *kind, .value = 0};
  if (*kind == domain::RewardKind::kNone) return colon == text.size();
  return colon < text.size() && read(text.substr(colon + 1), out.value);
}
template <class T>
bool read(const std::string& text, std::optional<T>& out) {
  out.reset();
  return text == "none" || read(text, out.emplace());
}

template <auto Member>
bool own(Campaign& campaign, const std::string& text) {
  return read(text, campaign.*Member);
}
template <auto Member>
bool policy(Campaign& campaign, const std::string& text) {
  return read(text, campaign.policy.*Member);
}

using domain::Policy;
using Setter = bool (*)(Campaign&, const std::string&);

struct Row {
  CampaignField field;
  Setter set;
};

constexpr std::array kRows{
    Row{{"name", "TEXT", "What people call it"}, own<&Campaign::name>},
    Row{{"slug", "TEXT", "Its name in addresses; by default made from the name"},
        own<&Campaign::slug>},
    Row{{"description", "TEXT", "More about it"}, own<&Campaign::description>},
    Row{{"max_issued", "N|none", "Coupons in all"}, policy<&Policy::max_issued>},
    Row{{"max_per_user", "N|none", "Coupons for one user"}, policy<&Policy::max_per_user>},
    Row{{"max_redemptions_per_coupon", "N|none", "Uses of one coupon"},
        policy<&Policy::max_redemptions_per_coupon>},
    Row{{"max_redemptions_per_user", "N|none", "Redemptions by one user"},
        policy<&Policy::max_redemptions_per_user>},
    Row{{"max_holds_per_user", "N", "Coupons one user may hold at once"},
        policy<&Policy::max_holds_per_user>},
    Row{{"starts_at", "TIME|none", "From then on, RFC 3339 or a date"}, policy<&Policy::starts_at>},
    Row{{"ends_at", "TIME|none", "Until then"}, policy<&Policy::ends_at>},
    Row{{"active", "yes|no", "Whether anything can be issued or redeemed"},
        policy<&Policy::active>},
    Row{{"hold_required", "yes|no", "Whether a coupon must be held before it is redeemed"},
        policy<&Policy::hold_required>},
    Row{{"hold_ttl_s", "SECONDS", "How long a hold lasts at the most"},
        policy<&Policy::hold_ttl_s>},
    Row{{"token_ttl_s", "SECONDS|none", "How long a minted coupon is good"},
        policy<&Policy::token_ttl_s>},
    Row{{"code_pattern", "PATTERN|none", "How codes look, such as SALE-{RANDOM:8}"},
        policy<&Policy::code_pattern>},
    Row{{"price", "CREDITS", "What a redemption costs"}, policy<&Policy::price>},
    Row{{"reward", "KIND:VALUE|none",
         "What it gives: subscription:DAYS, credit:N, percent_off:N or amount_off:N"},
        policy<&Policy::reward>},
};

constexpr auto kFields = [] {
  std::array<CampaignField, kRows.size()> fields{};
  for (std::size_t i = 0; i < kRows.size(); ++i) fields[i] = kRows[i].field;
  return fields;
}();

}  // namespace

std::span<const CampaignField> campaign_fields() { return kFields; }

std::optional<core::Error> set_campaign_field(Campaign& campaign, std::string_view name,
                                              const std::string& text) {
  for (const Row& row : kRows) {
    if (row.field.name != name) continue;
    if (row.set(campaign, text)) return std::nullopt;
    return core::Error{
        .reason = core::Reason::kInvalidRequest,
        .message = std::string(name) + " takes " + row.field.type + ", not \"" + text + "\"."};
  }
  return core::Error{.reason = core::Reason::kInvalidRequest,
                     .message = "A campaign has no field " + std::string(name) + "."};
}

}  // namespace coupon::app
