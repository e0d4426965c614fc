#include "src/api/native/campaign_shapes.h"

#include <tuple>
#include <type_traits>
#include <utility>

#include "coupond/core/limits.h"
#include "src/api/native/fields.h"
#include "src/api/words.h"

namespace coupon::api {
namespace {

using namespace core::limits;

constexpr http::Integer kAmount{.min = 0, .max = kAmountMax};
constexpr http::Text kName{.min = 1, .max = kNameMaxBytes};
constexpr http::Text kSlug{.min = 1, .max = 64};
constexpr http::Text kLong{.max = kMetadataMaxBytes};

// What a value of one policy field may be, from the member's type and the row's bounds.
template <class M>
http::ValueSpec value_of(const domain::PolicyField<M>& field) {
  using Value = typename domain::MemberOf<M>::Value;
  if constexpr (std::is_same_v<Value, bool>) {
    return {.type = http::Type::kBoolean};
  } else if constexpr (std::is_same_v<Value, core::UnixMs>) {
    const bool ends = field.name == "ends_at";
    return {.type = http::Type::kTime,
            .date_means = ends ? core::DateMeans::kLastMoment : core::DateMeans::kFirstMoment};
  } else if constexpr (std::is_same_v<Value, domain::Reward>) {
    return http::describe_object<RewardShape>();
  } else if constexpr (std::is_same_v<M, std::string>) {  // the owner's JSON
    return {.type = http::Type::kFree, .max = field.max};
  } else if constexpr (std::is_same_v<Value, std::string>) {
    return http::describe(http::Text{.min = field.min, .max = field.max});
  } else {
    return http::describe(http::Integer{.min = field.min, .max = field.max});
  }
}

enum class Null { kAllowed, kWhereAbsentMeansUnlimited };

// One field of T for each row of the table, each in its slot of `policy`.
template <class T, class Slots>
http::Fields<T> policy_fields(Slots T::*policy, Null null) {
  static const T object{};
  std::vector<http::FieldSpec> fields;
  const auto add = [&]<std::size_t I>(std::integral_constant<std::size_t, I>) {
    using Slot = std::tuple_element_t<I, Slots>;
    const auto& row = std::get<I>(domain::kPolicyFields);
    using Member = std::remove_cvref_t<decltype(std::declval<domain::Policy>().*row.member)>;
    const auto offset = reinterpret_cast<const char*>(&std::get<I>(object.*policy)) -
                        reinterpret_cast<const char*>(&object);
    fields.push_back(http::field_for<Slot>(std::string(row.name), std::string(row.doc),
                                           value_of(row), static_cast<std::size_t>(offset)));
    if (null == Null::kWhereAbsentMeansUnlimited) {
      fields.back().nullable = domain::MemberOf<Member>::kOptional;
    }
  };
  [&]<std::size_t... I>(std::index_sequence<I...>) {
    (add(std::integral_constant<std::size_t, I>{}), ...);
  }
  (std::make_index_sequence<std::tuple_size_v<Slots>>{});
  return http::Fields<T>(std::move(fields));
}

template <class M>
const M& from_wire(const M& value) {
  return value;
}
domain::Reward from_wire(const RewardShape& reward) {
  return {.kind = reward.kind, .value = reward.value};
}
template <class M>
const M& to_wire(const M& value) {
  return value;
}
RewardShape to_wire(const domain::Reward& reward) {
  return {.kind = reward.kind, .value = reward.value};
}

template <class Wired, class M>
void set(const http::Patch<Wired>& asked, M& slot) {
  if (asked.has_value()) slot = from_wire(asked.value);
  if constexpr (domain::MemberOf<M>::kOptional) {
    if (asked.is_null()) slot.reset();
  }
}

void apply_policy(const AskedPolicy& asked, domain::Policy& policy) {
  [&]<std::size_t... I>(std::index_sequence<I...>) {
    (set(std::get<I>(asked), policy.*std::get<I>(domain::kPolicyFields).member), ...);
  }
  (std::make_index_sequence<std::tuple_size_v<AskedPolicy>>{});
}

ToldPolicy tell_policy(const domain::Policy& policy) {
  return std::apply(
      [&](const auto&... field) { return ToldPolicy(to_wire(policy.*field.member)...); },
      domain::kPolicyFields);
}

}  // namespace

http::Choices<domain::Mode> mode_choices() {
  http::Choices<domain::Mode> choices;
  for (const domain::ModeTraits& row : domain::kModes) {
    choices.emplace_back(row.name.data(), row.mode);
  }
  return choices;
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
              policy_fields(&R::policy, Null::kAllowed),
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
              text("codes_out", &R::codes_out,
                   "What the change means for codes that exist already, where it means something.",
                   {.max = 1024})
                  .omit_empty(),
          }};
}

CampaignReply campaign_reply(const domain::Campaign& c, std::int64_t held, core::Seq as_of) {
  return {.id = c.id,
          .uuid = c.uuid,
          .slug = c.slug,
          .mode = c.mode,
          .name = c.name,
          .description = c.description,
          .policy = tell_policy(c.policy),
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
              policy_fields(&N::policy, Null::kAllowed),
          }};
}

domain::Campaign new_campaign(const NewCampaign& in, std::string uuid) {
  domain::Campaign campaign{.uuid = std::move(uuid),
                            .slug = in.slug.value_or(""),
                            .mode = in.mode,
                            .name = in.name,
                            .description = in.description.value_or("")};
  apply_policy(in.policy, campaign.policy);
  return campaign;
}

http::Object<CampaignPatch> CampaignPatch::shape() {
  using P = CampaignPatch;
  return {"CampaignPatch",
          "What to change of a campaign; what is left out stays.",
          {
              campaign_field(&P::campaign),
              text("name", &P::name, "Its name.", kName).not_null(),
              text("slug", &P::slug, "Its short name.", kSlug).not_null(),
              text("description", &P::description, "What it is for.", kLong).not_null(),
              policy_fields(&P::policy, Null::kWhereAbsentMeansUnlimited),
          }};
}

void apply(const CampaignPatch& patch, domain::Campaign& campaign) {
  set(patch.name, campaign.name);
  set(patch.slug, campaign.slug);
  set(patch.description, campaign.description);
  apply_policy(patch.policy, campaign.policy);
}

}  // namespace coupon::api
