#include "src/api/native/campaign_shapes.h"

#include <utility>

#include "coupond/core/limits.h"

namespace coupon::api {
namespace {

using namespace core::limits;
using http::boolean;
using http::choice;
using http::free_object;
using http::integer;
using http::object;
using http::text;
using http::timestamp;

constexpr http::Integer kCount{.min = 0, .max = kCountMax};
constexpr http::Integer kPositive{.min = 1, .max = kCountMax};
constexpr http::Integer kPerUser{.min = 1, .max = kUserCapMax};
constexpr http::Integer kAmount{.min = 0, .max = kAmountMax};
constexpr http::Text kName{.min = 1, .max = kNameMaxBytes};
constexpr http::Text kSlug{.min = 1, .max = 64};
constexpr http::Text kLong{.max = kMetadataMaxBytes};
constexpr http::Text kPattern{.min = 1, .max = kCodeMaxBytes};

// The policy's fields are the same in a new campaign, a change and a reply; only the members'
// types differ, and with them what may be left out.
template <class T>
http::Fields<T> cap_fields() {
  std::vector<http::FieldSpec> fields;
  auto add = [&](http::Field<T> field) { fields.push_back(std::move(field.spec)); };
  add(integer("max_issued", &T::max_issued, "Coupons at the most; null: no limit.", kCount));
  add(integer("max_per_user", &T::max_per_user, "Coupons a user may get; null: no limit.",
              kPerUser));
  add(integer("max_redemptions_per_coupon", &T::max_redemptions_per_coupon,
              "Uses of one coupon (1 unless said); null: no limit.", kPositive));
  add(integer("max_redemptions_per_user", &T::max_redemptions_per_user,
              "Redemptions a user may make; null: no limit.", kPerUser));
  add(integer("max_holds_per_user", &T::max_holds_per_user, "Live holds a user may have at once.",
              kPerUser)
          .not_null());
  return http::Fields<T>(std::move(fields));
}

template <class T>
http::Fields<T> rule_fields() {
  std::vector<http::FieldSpec> fields;
  auto add = [&](http::Field<T> field) { fields.push_back(std::move(field.spec)); };
  add(timestamp("starts_at", &T::starts_at, "Open from this instant on; null: at once."));
  add(timestamp("ends_at", &T::ends_at, "Closed from this instant on; null: never."));
  add(boolean("active", &T::active, "Switched off, nothing of it can be issued or used.")
          .not_null());
  add(boolean("hold_required", &T::hold_required, "Whether only a held coupon can be redeemed.")
          .not_null());
  add(integer("hold_ttl_s", &T::hold_ttl_s, "How long a hold lasts at the most, in seconds.",
              http::Integer{.min = 1, .max = kHoldMaxSeconds})
          .not_null());
  add(integer("token_ttl_s", &T::token_ttl_s,
              "How long a minted coupon can be used, in seconds; null: for ever.",
              http::Integer{.min = 1, .max = kTokenLifeMaxSeconds}));
  add(text("code_pattern", &T::code_pattern,
           "What codes look like, as in SUMMER-{RANDOM:8}; null: card codes.", kPattern));
  add(integer("price", &T::price, "Credit a redemption costs.", kAmount).not_null());
  add(object("reward", &T::reward, "What a redemption gives.").not_null());
  add(free_object("metadata", &T::metadata, "Any JSON object of yours.").not_null());
  return http::Fields<T>(std::move(fields));
}

// Whether a reply's slot was given.
template <class T>
void set(const std::optional<T>& given, T& slot) {
  if (given) slot = *given;
}
template <class T>
void set(const http::Patch<T>& given, T& slot) {
  if (given.has_value()) slot = given.value;
}
template <class T>
void set(const http::Patch<T>& given, std::optional<T>& slot) {
  if (given.has_value()) slot = given.value;
  if (given.is_null()) slot.reset();
}

domain::Reward from_shape(const RewardShape& reward) {
  return {.kind = reward.kind, .value = reward.value};
}

}  // namespace

http::Choices<domain::Mode> mode_choices() {
  return {{"token", domain::Mode::kToken},
          {"pool", domain::Mode::kPool},
          {"shared", domain::Mode::kShared},
          {"card", domain::Mode::kCard},
          {"claim", domain::Mode::kClaim}};
}

http::Choices<domain::RewardKind> reward_choices() {
  return {{"none", domain::RewardKind::kNone},
          {"subscription", domain::RewardKind::kSubscription},
          {"credit", domain::RewardKind::kCredit},
          {"percent_off", domain::RewardKind::kPercentOff},
          {"amount_off", domain::RewardKind::kAmountOff}};
}

http::Object<RewardShape> RewardShape::shape() {
  return {"Reward",
          "What a redemption gives.",
          {
              choice("kind", &RewardShape::kind, "What `value` counts.", reward_choices())
                  .example("subscription"),
              integer("value", &RewardShape::value,
                      "Days, credit, percent, or minor units of currency.", kAmount)
                  .example(30)
                  .optional(),
          }};
}

http::Object<CampaignReply> CampaignReply::shape() {
  using R = CampaignReply;
  return {"Campaign",
          "A campaign: its policy, and what has been used of it at `as_of_seq`.",
          {
              integer("id", &R::id, "Its number.").example(1),
              text("uuid", &R::uuid, "Its UUID.", {.format = "uuid"}),
              text("slug", &R::slug, "Its short name, usable wherever the id is.", kSlug)
                  .example("tokens"),
              choice("mode", &R::mode, "How coupons reach their owners.", mode_choices()),
              text("name", &R::name, "Its name.", kName),
              text("description", &R::description, "What it is for.", kLong),
              cap_fields<R>(),
              rule_fields<R>(),
              integer("issued", &R::issued, "Coupons that exist."),
              integer("assigned", &R::assigned, "Coupons that have an owner."),
              integer("available", &R::available, "Coupons nobody owns or has used up."),
              integer("held", &R::held, "Coupons under a live hold."),
              integer("redeemed", &R::redeemed, "Redemptions that stand."),
              integer("rolled_back", &R::rolled_back, "Redemptions rolled back."),
              integer("void", &R::voided, "Coupons declared void."),
              integer("remaining", &R::remaining, "How many more can be had; null: no limit."),
              integer("as_of_seq", &R::as_of_seq, "The ledger entry these figures are true at."),
              timestamp("created_at", &R::created_at, "When it was made."),
              timestamp("updated_at", &R::updated_at, "When its policy was last changed."),
              timestamp("archived_at", &R::archived_at, "When it was ended for good."),
              integer("seq", &R::seq, "The ledger entry of the change.").omit_empty(),
          }};
}

CampaignReply campaign_reply(const domain::Campaign& c, std::int64_t held, core::Seq as_of) {
  const domain::Policy& p = c.policy;
  return {.id = c.id,
          .uuid = c.uuid,
          .slug = c.slug,
          .mode = c.mode,
          .name = c.name,
          .description = c.description,
          .max_issued = p.max_issued,
          .max_per_user = p.max_per_user,
          .max_redemptions_per_coupon = p.max_redemptions_per_coupon,
          .max_redemptions_per_user = p.max_redemptions_per_user,
          .max_holds_per_user = p.max_holds_per_user,
          .starts_at = p.starts_at,
          .ends_at = p.ends_at,
          .active = p.active,
          .hold_required = p.hold_required,
          .hold_ttl_s = p.hold_ttl_s,
          .token_ttl_s = p.token_ttl_s,
          .code_pattern = p.code_pattern,
          .price = p.price,
          .reward = {.kind = p.reward.kind, .value = p.reward.value},
          .metadata = p.metadata,
          .issued = c.counters.issued,
          .assigned = c.counters.assigned,
          .available = c.counters.available,
          .held = held,
          .redeemed = c.counters.redeemed,
          .rolled_back = c.counters.rolled_back,
          .voided = c.counters.voided,
          .remaining = domain::remaining(c),
          .as_of_seq = as_of,
          .created_at = c.created_at,
          .updated_at = c.updated_at,
          .archived_at = c.archived_at,
          .seq = std::nullopt};
}

http::Object<NewCampaign> NewCampaign::shape() {
  using N = NewCampaign;
  return {"NewCampaign",
          "A campaign to be made.",
          {
              choice("mode", &N::mode, "How coupons reach their owners.", mode_choices())
                  .example("pool"),
              text("name", &N::name, "Its name.", kName).example("Summer sale"),
              text("slug", &N::slug, "Its short name; made from the name unless said.", kSlug),
              text("description", &N::description, "What it is for.", kLong),
              cap_fields<N>(),
              rule_fields<N>(),
          }};
}

domain::Campaign new_campaign(const NewCampaign& in, std::string uuid) {
  domain::Campaign campaign{.uuid = std::move(uuid),
                            .slug = in.slug.value_or(""),
                            .mode = in.mode,
                            .name = in.name,
                            .description = in.description.value_or("")};
  domain::Policy& policy = campaign.policy;
  policy.max_issued = in.max_issued;
  policy.max_per_user = in.max_per_user;
  set(in.max_redemptions_per_coupon, policy.max_redemptions_per_coupon);
  policy.max_redemptions_per_user = in.max_redemptions_per_user;
  set(in.max_holds_per_user, policy.max_holds_per_user);
  policy.starts_at = in.starts_at;
  policy.ends_at = in.ends_at;
  set(in.active, policy.active);
  set(in.hold_required, policy.hold_required);
  set(in.hold_ttl_s, policy.hold_ttl_s);
  policy.token_ttl_s = in.token_ttl_s;
  policy.code_pattern = in.code_pattern;
  set(in.price, policy.price);
  if (in.reward) policy.reward = from_shape(*in.reward);
  set(in.metadata, policy.metadata);
  return campaign;
}

http::Object<CampaignPatch> CampaignPatch::shape() {
  using P = CampaignPatch;
  return {"CampaignPatch",
          "What to change of a campaign; what is left out stays.",
          {
              text("campaign", &P::campaign, "Id, UUID or slug.", {.min = 1, .max = 64}),
              text("name", &P::name, "Its name.", kName).not_null(),
              text("slug", &P::slug, "Its short name.", kSlug).not_null(),
              text("description", &P::description, "What it is for.", kLong).not_null(),
              cap_fields<P>(),
              rule_fields<P>(),
          }};
}

void apply(const CampaignPatch& patch, domain::Campaign& campaign) {
  domain::Policy& policy = campaign.policy;
  set(patch.name, campaign.name);
  set(patch.slug, campaign.slug);
  set(patch.description, campaign.description);
  set(patch.max_issued, policy.max_issued);
  set(patch.max_per_user, policy.max_per_user);
  set(patch.max_redemptions_per_coupon, policy.max_redemptions_per_coupon);
  set(patch.max_redemptions_per_user, policy.max_redemptions_per_user);
  set(patch.max_holds_per_user, policy.max_holds_per_user);
  set(patch.starts_at, policy.starts_at);
  set(patch.ends_at, policy.ends_at);
  set(patch.active, policy.active);
  set(patch.hold_required, policy.hold_required);
  set(patch.hold_ttl_s, policy.hold_ttl_s);
  set(patch.token_ttl_s, policy.token_ttl_s);
  set(patch.code_pattern, policy.code_pattern);
  set(patch.price, policy.price);
  if (patch.reward.has_value()) policy.reward = from_shape(patch.reward.value);
  set(patch.metadata, policy.metadata);
}

}  // namespace coupon::api
