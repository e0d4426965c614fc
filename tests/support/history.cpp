#include "tests/support/history.h"

#include <array>

#include "coupond/core/ids.h"
#include "coupond/service/campaigns.h"
#include "coupond/service/coupons.h"
#include "coupond/store/api_keys.h"
#include "coupond/store/users.h"

namespace coupon::test {
namespace {

using core::Result;
using core::Seq;
using domain::Mode;
using domain::RewardKind;

constexpr std::array kModes{Mode::kToken, Mode::kPool, Mode::kShared, Mode::kCard, Mode::kClaim};

// The ledger entry of a service function's answer.
template <class T>
Result<Seq> seq_of(const Result<T>& result) {
  if (!result) return result.error();
  return result->seq;
}

domain::Policy random_policy(SeededRandom& random, Mode mode) {
  domain::Policy policy;
  policy.max_issued = mode == Mode::kShared ? 1 : std::int64_t(20 + random.below(60));
  policy.max_per_user = std::int64_t(3 + random.below(10));
  if (mode == Mode::kShared) policy.max_redemptions_per_coupon = std::int64_t(3 + random.below(9));
  if (mode == Mode::kCard) policy.max_redemptions_per_coupon = std::int64_t(1 + random.below(2));
  policy.price = {std::int64_t(random.below(3))};
  constexpr std::array kRewards{RewardKind::kNone, RewardKind::kSubscription, RewardKind::kCredit,
                                RewardKind::kPercentOff, RewardKind::kAmountOff};
  policy.reward = {.kind = kRewards[random.below(kRewards.size())]};
  if (policy.reward.kind != RewardKind::kNone) policy.reward.value = 1 + int(random.below(30));
  policy.hold_ttl_s = 60;
  return policy;
}

}  // namespace

struct History::Kind {
  int weight;
  Outcome (History::*run)();
};

void History::set_up() {
  for (int i = 0; i < 5; ++i) users_.push_back(fixture_.make_user(20));
  for (const Mode mode : kModes) {
    const core::CampaignId id = fixture_.make_campaign(mode, random_policy(random_, mode));
    campaigns_.push_back(id);
    if (domain::traits(mode).minted) continue;
    for (const auto& code : fixture_.make_codes(id, mode == Mode::kShared ? 1 : 8)) {
      codes_.push_back({.hash = code.hash});
    }
  }
}

std::vector<Outcome> History::run(int steps) {
  std::vector<Outcome> outcomes;
  for (int i = 0; i < steps; ++i) outcomes.push_back(step());
  return outcomes;
}

Outcome History::step() {
  static constexpr std::array<Kind, 15> kKinds{{{4, &History::create_user},
                                                {2, &History::update_user},
                                                {6, &History::change_credit},
                                                {1, &History::create_campaign},
                                                {3, &History::change_campaign},
                                                {1, &History::archive_campaign},
                                                {6, &History::generate},
                                                {20, &History::issue},
                                                {12, &History::assign},
                                                {14, &History::hold},
                                                {6, &History::release},
                                                {30, &History::redeem},
                                                {8, &History::roll_back},
                                                {3, &History::make_void},
                                                {3, &History::change_key}}};
  std::uint64_t total = 0;
  for (const Kind& kind : kKinds) total += std::uint64_t(kind.weight);
  auto left = static_cast<int>(random_.below(total));
  // Mostly little time passes; now and then holds run out.
  fixture_.clock().advance(std::int64_t(random_.below(random_.below(20) == 0 ? 90'000 : 500)));
  ++steps_;
  for (const Kind& kind : kKinds) {
    left -= kind.weight;
    if (left < 0) return (this->*kind.run)();
  }
  throw std::logic_error("no kind of step has that weight");
}

service::Caller History::caller() const {
  service::Caller caller = service::Caller::system();
  caller.actor = prefix_ + std::to_string(steps_);
  return caller;
}

Outcome History::perform(const char* operation, const Body& body) {
  Outcome outcome{.operation = operation, .marker = caller().actor};
  const auto result = fixture_.writer().run<Seq>(operation, body);
  if (result) {
    outcome.seq = *result;
  } else {
    outcome.refusal = result.error().reason;
  }
  return outcome;
}

Outcome History::create_user() {
  domain::User user{.uuid = core::uuid4(bytes_), .credit = {std::int64_t(random_.below(20))}};
  user.email = user.uuid + "@example.com";
  user.password_hash = "none";
  const Outcome outcome = perform("user.create", [&](store::Tx& tx) -> Result<Seq> {
    user.id = store::insert_user(tx, user);
    const core::Digest digest = store::user_digest(user);
    return tx.append({.operation = store::operation::kUserCreate,
                      .actor = caller().actor,
                      .user_id = user.id,
                      .credit = user.credit,
                      .digest = digest});
  });
  if (outcome.seq) users_.push_back(user.id);
  return outcome;
}

Outcome History::update_user() {
  const core::UserId id = pick(users_);
  const bool password = random_.below(2) == 0;
  const bool active = random_.below(4) != 0;
  return perform("user.update", [&](store::Tx& tx) -> Result<Seq> {
    domain::User user = store::find_user(tx.db(), id).value();
    if (!password) user.active = active;
    ++user.token_epoch;
    store::update_user(tx, user);
    const core::Digest digest = store::user_digest(user);
    if (password) {
      return tx.append(
          {.operation = store::operation::kUserPassword, .actor = caller().actor, .user_id = id});
    }
    return tx.append({.operation = store::operation::kUserUpdate,
                      .actor = caller().actor,
                      .user_id = id,
                      .digest = digest});
  });
}

Outcome History::change_credit() {
  const core::UserId id = pick(users_);
  const core::Credit delta{std::int64_t(random_.below(30)) - 8};
  return perform("user.credit", [&](store::Tx& tx) -> Result<Seq> {
    const Seq seq = tx.append({.operation = store::operation::kUserCredit,
                               .actor = caller().actor,
                               .user_id = id,
                               .credit = delta,
                               .detail = "test"});
    if (!store::add_credit(tx, id, delta)) return core::Reason::kInsufficientCredit;
    return seq;
  });
}

Outcome History::create_campaign() {
  const Mode mode = kModes[random_.below(kModes.size())];
  domain::Campaign campaign{.uuid = core::uuid4(bytes_), .mode = mode};
  campaign.name = campaign.uuid;
  campaign.policy = random_policy(random_, mode);
  core::CampaignId id;
  const Outcome outcome = perform("campaign.create", [&](store::Tx& tx) -> Result<Seq> {
    const auto made = service::create_campaign(tx, caller(), campaign);
    if (made) id = made->campaign.id;
    return seq_of(made);
  });
  if (outcome.seq) campaigns_.push_back(id);
  return outcome;
}

Outcome History::change_campaign() {
  const core::CampaignId id = pick(campaigns_);
  const auto uses = std::int64_t(1 + random_.below(9));
  const auto cap = std::int64_t(random_.below(90));
  return perform("campaign.update", [&](store::Tx& tx) {
    return seq_of(service::change_campaign(tx, caller(), id, [&](domain::Campaign& campaign) {
      campaign.policy.max_redemptions_per_coupon = uses;
      if (campaign.mode != Mode::kShared) campaign.policy.max_issued = cap;
    }));
  });
}

Outcome History::archive_campaign() {
  // Not the first five, so that there is always something left to do.
  if (campaigns_.size() < 6) return change_campaign();
  const core::CampaignId id = campaigns_[5 + random_.below(campaigns_.size() - 5)];
  return perform("campaign.archive", [&](store::Tx& tx) {
    return seq_of(service::archive_campaign(tx, caller(), id));
  });
}

Outcome History::generate() {
  const core::CampaignId id = pick(campaigns_);
  std::vector<service::FreshCode> codes(1 + random_.below(5));
  for (auto& code : codes) code = fixture_.fresh_code();
  if (random_.below(8) == 0) codes.back() = codes.front();
  const Outcome outcome = perform("coupon.generate", [&](store::Tx& tx) {
    return seq_of(service::store_codes(tx, caller(), id, codes));
  });
  if (!outcome.seq) return outcome;
  for (const auto& code : codes) codes_.push_back({.hash = code.hash});
  return outcome;
}

Outcome History::issue() {
  service::IssueRequest request{.campaign_id = pick(campaigns_), .user_id = pick(users_)};
  request.code = fixture_.fresh_code();
  request.draw = random_.next();
  domain::CodeHash hash{};
  const Outcome outcome = perform("coupon.issue", [&](store::Tx& tx) {
    const auto issued = service::issue(tx, caller(), mint(), request);
    if (issued) hash = issued->coupon.code_hash;
    return seq_of(issued);
  });
  if (outcome.seq) codes_.push_back({.hash = hash});
  return outcome;
}

Outcome History::assign() {
  const domain::CodeHash hash = pick(codes_).hash;
  const core::UserId user = pick(users_);
  return perform("coupon.assign", [&](store::Tx& tx) {
    return seq_of(service::assign(tx, caller(), mint(), hash, user));
  });
}

Outcome History::hold() {
  KnownCode& code = pick(codes_);
  domain::TokenHash token{};
  bytes_(token);
  const core::UserId any = pick(users_);
  core::UserId holder = any;
  const Outcome outcome = perform("coupon.hold", [&](store::Tx& tx) {
    const auto view = service::view_coupon(tx.db(), code.hash, tx.now());
    holder = view && view->coupon.user_id ? *view->coupon.user_id : any;
    return seq_of(
        service::hold(tx, caller(), {.code = code.hash, .user_id = holder, .token_hash = token}));
  });
  if (outcome.seq) {
    code.hold_token = token;
    code.holder = holder;
  }
  return outcome;
}

Outcome History::release() {
  KnownCode* code = &pick(codes_);
  for (int i = 0; i < 30 && !code->hold_token; ++i) code = &pick(codes_);
  const core::UserId user = code->hold_token ? code->holder : pick(users_);
  const Outcome outcome = perform("coupon.release", [&](store::Tx& tx) {
    return seq_of(
        service::release(tx, caller(), code->hash, user, {.token_hash = code->hold_token}));
  });
  if (outcome.seq) code->hold_token.reset();
  return outcome;
}

Outcome History::redeem() {
  KnownCode& code = pick(codes_);
  const core::UserId any = pick(users_);
  const bool with_order = random_.below(2) == 0;
  Seq made;
  const Outcome outcome = perform("coupon.redeem", [&](store::Tx& tx) -> Result<Seq> {
    const auto view = service::view_coupon(tx.db(), code.hash, tx.now());
    service::RedeemRequest request{.code = code.hash, .proof = {.token_hash = code.hold_token}};
    const auto shown = [&](const domain::Hold& hold) { return hold.token_hash == code.hold_token; };
    if (view && std::none_of(view->holds.begin(), view->holds.end(), shown)) request.proof = {};
    request.user_id = view && view->coupon.user_id ? *view->coupon.user_id : any;
    if (with_order) request.order_id = caller().actor;
    const auto redeemed = service::redeem(tx, caller(), request);
    if (!redeemed) return redeemed.error();
    made = redeemed->redemption.id;
    return made;
  });
  if (outcome.seq) redemptions_.push_back(made);
  return outcome;
}

Outcome History::roll_back() {
  if (redemptions_.empty()) return redeem();
  const Seq id = pick(redemptions_);
  return perform("coupon.rollback", [&](store::Tx& tx) {
    return seq_of(service::roll_back(tx, caller(), id, "test"));
  });
}

Outcome History::make_void() {
  const domain::CodeHash hash = pick(codes_).hash;
  return perform("coupon.void", [&](store::Tx& tx) {
    return seq_of(service::void_coupon(tx, caller(), hash, "test"));
  });
}

Outcome History::change_key() {
  const bool revoke = keys_ > 0 && random_.below(2) == 0;
  const std::int64_t old = keys_ > 0 ? 1 + std::int64_t(random_.below(std::uint64_t(keys_))) : 0;
  store::ApiKey key;
  key.hint = "hint";
  key.name = "till";
  key.scopes = "redeem read";
  bytes_(key.key_hash);
  const Outcome outcome = perform("api_key", [&](store::Tx& tx) -> Result<Seq> {
    if (!revoke) {
      return tx.append({.operation = store::operation::kKeyCreate,
                        .actor = caller().actor,
                        .units = store::insert_api_key(tx, key),
                        .digest = key.key_hash,
                        .detail = key.scopes});
    }
    if (store::find_api_key(tx.db(), old)->revoked_at) return core::Reason::kUnknownApiKey;
    store::revoke_api_key(tx, old, tx.now());
    return tx.append(
        {.operation = store::operation::kKeyRevoke, .actor = caller().actor, .units = old});
  });
  if (outcome.seq && !revoke) ++keys_;
  return outcome;
}

}  // namespace coupon::test
