#include "tests/support/command.h"

#include <algorithm>
#include <array>

#include "coupond/service/balances.h"
#include "coupond/service/campaigns.h"
#include "coupond/store/campaigns.h"
#include "coupond/store/coupons.h"
#include "coupond/store/users.h"

namespace coupon::test {
namespace {

using core::Reason;
using core::Result;
using Kind = Command::Kind;
using Verdict = ReferenceModel::Verdict;
using Who = ReferenceModel::Who;
using Id = World::Id;

// ---- by the engine ----

service::Caller caller_of(const Command& command) {
  service::Caller caller = service::Caller::system();
  if (command.who != Who::kClerk) {
    const Id stranger = 1'000'000 + command.user;
    const Id id = command.who == Who::kThemself ? command.user : stranger;
    caller = service::Caller::user({id}, domain::Role::kUser);
  }
  caller.actor = command.marker;
  return caller;
}

template <class T>
Result<Effect> with_seq(store::Tx& tx, const Result<T>& done) {
  if (!done.ok()) return done.error();
  return Effect{.seq = done->seq, .at = tx.now()};
}

Result<Effect> open_campaign(store::Tx& tx, const Command& command) {
  const auto made = service::create_campaign(tx, caller_of(command), command.opened);
  auto effect = with_seq(tx, made);
  if (effect.ok()) effect->campaign = made->campaign.id.value;
  return effect;
}

Result<Effect> change_campaign(store::Tx& tx, const Command& command) {
  return with_seq(tx, service::change_campaign(tx, caller_of(command), {command.campaign},
                                               [&](domain::Campaign& c) {
                                                 if (command.kind == Kind::kSetCap)
                                                   c.policy.max_issued = command.number;
                                                 if (command.kind == Kind::kSetActive) {
                                                   c.policy.active = command.number != 0;
                                                 }
                                               }));
}

Result<Effect> generate(store::Tx& tx, const Command& command) {
  const Id first = store::next_coupon_id(tx).value;
  auto effect =
      with_seq(tx, service::store_codes(tx, caller_of(command), {command.campaign}, command.codes));
  if (!effect.ok()) return effect;
  for (std::size_t i = 0; i < command.codes.size(); ++i) {
    effect->coupons.emplace_back(command.codes[i].hash, first + Id(i));
  }
  return effect;
}

Result<Effect> with_coupon(store::Tx& tx, const Result<service::Issued>& issued) {
  auto effect = with_seq(tx, issued);
  if (effect.ok()) {
    effect->coupons.emplace_back(issued->coupon.code_hash, issued->coupon.id.value);
  }
  return effect;
}

Result<Effect> issue(store::Tx& tx, const service::Mint& mint, const Command& command) {
  const service::IssueRequest request{.campaign_id = {command.campaign},
                                      .user_id = {command.user},
                                      .code = command.codes.at(0),
                                      .draw = command.draw};
  return with_coupon(tx, service::issue(tx, caller_of(command), mint, request));
}

Result<Effect> hold(store::Tx& tx, const Command& command) {
  const auto held = service::hold(tx, caller_of(command),
                                  {.code = command.code.value(),
                                   .user_id = {command.user},
                                   .token_hash = command.token.value(),
                                   .ttl_s = command.number});
  auto effect = with_seq(tx, held);
  if (effect.ok()) effect->until = held->until;
  return effect;
}

Result<Effect> redeem(store::Tx& tx, const Command& command) {
  const auto redeemed = service::redeem(tx, caller_of(command),
                                        {.code = command.code.value(),
                                         .user_id = {{command.user}},
                                         .proof = {.token_hash = command.token},
                                         .amount = command.amount});
  if (!redeemed.ok()) return redeemed.error();
  Effect effect{
      .seq = redeemed->redemption.id, .at = tx.now(), .credit = redeemed->balance.credit.value};
  if (redeemed->coupon.funds) effect.left = redeemed->coupon.funds->balance;
  return effect;
}

Result<Effect> top_up(store::Tx& tx, const Command& command) {
  const auto done = service::top_up(tx, caller_of(command), command.code.value(),
                                    command.amount.value(), std::nullopt);
  auto effect = with_seq(tx, done);
  if (effect.ok()) effect->left = done->coupon.funds->balance;
  return effect;
}

Result<Effect> transfer(store::Tx& tx, const Command& command) {
  const auto done = service::transfer(
      tx, caller_of(command),
      {.from = command.code.value(), .to = command.to.value(), .amount = command.amount});
  if (!done.ok()) return done.error();
  return Effect{.seq = done->to.seq, .at = tx.now(), .left = done->from.coupon.funds->balance};
}

Result<Effect> roll_back(store::Tx& tx, const Command& command) {
  const auto done = service::roll_back(tx, caller_of(command), {command.number}, std::nullopt);
  auto effect = with_seq(tx, done);
  if (effect.ok()) effect->credit = done->balance.credit.value;
  return effect;
}

// What service::change_credit() does, which needs a whole engine.
Result<Effect> add_credit(store::Tx& tx, const Command& command) {
  if (!store::add_credit(tx, {command.user}, {command.number})) {
    return Reason::kInsufficientCredit;
  }
  const core::Seq seq = tx.append({.operation = store::operation::kUserCredit,
                                   .actor = command.marker,
                                   .user_id = core::UserId{command.user},
                                   .credit = {command.number},
                                   .detail = "test"});
  return Effect{.seq = seq, .at = tx.now()};
}

// ---- by the model ----

// The coupon's id; nothing when there is no such code.
std::optional<Id> coupon_of(const World& world, const Command& command) {
  if (!command.code) return std::nullopt;
  const auto found = world.coupons.find(*command.code);
  return found == world.coupons.end() ? std::nullopt : std::optional(found->second);
}

Verdict of_campaign(const World& world, const Command& command) {
  const auto found = world.model.campaigns.find(command.campaign);
  if (command.kind == Kind::kIssue && command.who == Who::kStranger) return Reason::kForbidden;
  const bool changes = command.kind != Kind::kIssue && command.kind != Kind::kGenerate;
  if (changes && command.who != Who::kClerk) return Reason::kForbidden;
  if (found == world.model.campaigns.end()) return Reason::kUnknownCampaign;
  const auto archived = found->second.archived ? Verdict(Reason::kArchived) : std::nullopt;
  switch (command.kind) {
    case Kind::kGenerate:
      return world.model.may_generate(command.campaign, Id(command.codes.size()));
    case Kind::kSetCap:
      return world.model.may_set_cap(command.campaign, command.number);
    case Kind::kIssue:
      return world.model.may_issue(command.who, command.campaign, command.user);
    default:
      return archived;
  }
}

Verdict of_coupon(const World& world, const Command& command) {
  const auto coupon = coupon_of(world, command);
  if (is_change(command.kind)) {
    return coupon ? expected_change(world, *coupon, command) : Verdict(Reason::kUnknownCode);
  }
  const bool by_clerk = command.kind == Kind::kVoid || command.kind == Kind::kTopUp ||
                        command.kind == Kind::kTransfer;
  const bool strange = by_clerk ? command.who != Who::kClerk : command.who == Who::kStranger;
  // A code has to be found before a redemption's own right can be judged.
  if (!coupon && strange && command.kind != Kind::kRedeem) return Reason::kForbidden;
  if (!coupon) return Reason::kUnknownCode;
  switch (command.kind) {
    case Kind::kAssign:
      return world.model.may_assign(command.who, *coupon, command.user);
    case Kind::kHold:
      return world.model.may_hold(command.who, *coupon, command.user);
    case Kind::kRelease:
      return world.model.may_release(command.who, *coupon, command.user, command.token.value());
    case Kind::kRedeem:
      return world.model.may_redeem(command.who, *coupon, command.user, command.token,
                                    command.amount);
    case Kind::kTopUp:
      return world.model.may_top_up(command.who, *coupon, command.amount.value());
    case Kind::kTransfer: {
      if (strange) return Reason::kForbidden;
      const auto target = world.coupons.find(command.to.value());
      if (target == world.coupons.end()) return Reason::kUnknownCode;
      return world.model.may_transfer(command.who, *coupon, target->second, command.amount);
    }
    default:
      return world.model.may_void(command.who, *coupon);
  }
}

Verdict of_redemption(const World& world, const Command& command) {
  if (command.who != Who::kClerk) return Reason::kForbidden;
  if (!world.model.redemptions.contains(command.number)) return Reason::kUnknownRedemption;
  return world.model.may_roll_back(command.who, command.number);
}

// ---- done to the model ----

std::string made(World& world, const Command& command, const Effect& effect,
                 std::optional<Id> owner) {
  for (const auto& [code, id] : effect.coupons) {
    if (world.model.coupons.contains(id)) return "a coupon's id is given twice";
    if (!world.coupons.emplace(code, id).second) return "a code is given twice";
    world.model.made(command.campaign, id, owner);
  }
  return {};
}

std::string drawn(World& world, const Command& command, const Effect& effect) {
  const auto found = world.coupons.find(effect.coupons.at(0).first);
  if (found == world.coupons.end()) return "a coupon was drawn that is not there";
  ReferenceModel::Coupon& coupon = world.model.coupons.at(found->second);
  if (coupon.campaign != command.campaign) return "a coupon was drawn from another campaign";
  if (coupon.state() != domain::CouponState::kAvailable) return "a taken coupon was drawn";
  coupon.owner = command.user;
  return {};
}

std::string issued(World& world, const Command& command, const Effect& effect) {
  const auto mode = world.model.campaigns.at(command.campaign).mode;
  if (mode == domain::Mode::kPool) return drawn(world, command, effect);
  return made(world, command, effect, command.user);
}

std::string held(World& world, const Command& command, const Effect& effect) {
  const ReferenceModel::Coupon& coupon = world.model.coupons.at(coupon_of(world, command).value());
  const Id longest_s = world.model.campaigns.at(coupon.campaign).policy.hold_ttl_s;
  const Id ttl_s = std::min(command.number, longest_s);
  const core::UnixMs until = world.model.now + ttl_s * core::kMsPerSecond;
  world.model.held(coupon_of(world, command).value(),
                   {.user = command.user, .token = command.token.value(), .until = until});
  return !effect.until || effect.until == until ? "" : "a hold ends at another time";
}

std::string changed(World& world, const Command& command) {
  ReferenceModel::Campaign& campaign = world.model.campaigns.at(command.campaign);
  if (command.kind == Kind::kSetActive) campaign.policy.active = command.number != 0;
  if (command.kind == Kind::kSetCap) campaign.policy.max_issued = command.number;
  if (command.kind == Kind::kArchive) campaign.archived = true;
  return {};
}

std::string moved_credit(World& world, Id user, const Effect& effect) {
  const bool same = !effect.credit || effect.credit == world.model.users.at(user).credit;
  return same ? "" : "the balance told is another";
}

std::string moved_balance(World& world, Id coupon, const Effect& effect) {
  const bool same = !effect.left || effect.left == world.model.coupons.at(coupon).balance();
  return same ? "" : "the balance told of the code is another";
}

std::string done(World& world, const Command& command, const Effect& effect) {
  ReferenceModel& model = world.model;
  const auto coupon = coupon_of(world, command);
  switch (command.kind) {
    case Kind::kOpenCampaign:
      model.campaigns[effect.campaign] = {.mode = command.opened.mode,
                                          .policy = command.opened.policy};
      return {};
    case Kind::kGenerate:
      return made(world, command, effect, std::nullopt);
    case Kind::kSetActive:
    case Kind::kSetCap:
    case Kind::kArchive:
      return changed(world, command);
    case Kind::kIssue:
      return issued(world, command, effect);
    case Kind::kAssign:
      model.coupons.at(*coupon).owner = command.user;
      return {};
    case Kind::kHold:
      return held(world, command, effect);
    case Kind::kRelease:
      model.released(*coupon, command.token.value());
      return {};
    case Kind::kRedeem:
      model.redeemed(*coupon, command.user, effect.seq.value, command.amount, command.token);
      return moved_credit(world, command.user, effect) + moved_balance(world, *coupon, effect);
    case Kind::kRollBack:
      model.rolled_back(command.number);
      return moved_credit(world, model.redemptions.at(command.number).user, effect);
    case Kind::kVoid:
      model.coupons.at(*coupon).is_void = true;
      model.coupons.at(*coupon).holds.clear();
      return {};
    case Kind::kCredit:
      model.users.at(command.user).credit += command.number;
      return {};
    case Kind::kTopUp:
      model.topped_up(*coupon, command.amount.value());
      return moved_balance(world, *coupon, effect);
    case Kind::kTransfer:
      model.transferred(*coupon, world.coupons.at(command.to.value()), command.amount);
      return moved_balance(world, *coupon, effect);
    default:
      apply_change(world, *coupon, command, effect);
      return {};
  }
}

}  // namespace

const char* name(Kind kind) {
  static constexpr std::array<const char*, Command::kKinds> kNames{
      "open campaign", "generate", "switch", "cap",      "archive", "issue",  "assign",
      "hold",          "release",  "redeem", "rollback", "void",    "credit", "top up",
      "transfer",      "restore",  "free",   "terms",    "reassign"};
  return kNames.at(static_cast<std::size_t>(kind));
}

Result<Effect> execute(store::Tx& tx, const service::Mint& mint, const Command& command) {
  switch (command.kind) {
    case Kind::kOpenCampaign:
      return open_campaign(tx, command);
    case Kind::kGenerate:
      return generate(tx, command);
    case Kind::kSetActive:
    case Kind::kSetCap:
      return change_campaign(tx, command);
    case Kind::kArchive:
      return with_seq(tx, service::archive_campaign(tx, caller_of(command), {command.campaign}));
    case Kind::kIssue:
      return issue(tx, mint, command);
    case Kind::kAssign:
      return with_coupon(
          tx, service::assign(tx, caller_of(command), mint, command.code.value(), {command.user}));
    case Kind::kHold:
      return hold(tx, command);
    case Kind::kRelease:
      return with_seq(tx, service::release(tx, caller_of(command), command.code.value(),
                                           {command.user}, {.token_hash = command.token}));
    case Kind::kRedeem:
      return redeem(tx, command);
    case Kind::kRollBack:
      return roll_back(tx, command);
    case Kind::kVoid:
      return with_seq(
          tx, service::void_coupon(tx, caller_of(command), command.code.value(), std::nullopt));
    case Kind::kCredit:
      return add_credit(tx, command);
    case Kind::kTopUp:
      return top_up(tx, command);
    case Kind::kTransfer:
      return transfer(tx, command);
    default:
      return execute_change(tx, caller_of(command), command);
  }
}

Verdict expected(const World& world, const Command& command) {
  switch (command.kind) {
    case Kind::kOpenCampaign:
      return std::nullopt;
    case Kind::kGenerate:
    case Kind::kSetActive:
    case Kind::kSetCap:
    case Kind::kArchive:
    case Kind::kIssue:
      return of_campaign(world, command);
    case Kind::kRollBack:
      return of_redemption(world, command);
    case Kind::kCredit:
      return world.model.may_add_credit(command.user, command.number);
    default:
      return of_coupon(world, command);
  }
}

std::string apply(World& world, const Command& command, const Effect& effect) {
  const std::int64_t entries = command.kind == Kind::kTransfer ? 2 : 1;
  if (effect.seq.value != world.last_seq + entries) {
    return "seq " + std::to_string(effect.seq.value) + " follows " + std::to_string(world.last_seq);
  }
  world.last_seq = effect.seq.value;
  world.last_at = effect.at;
  world.model.now = effect.at;
  return done(world, command, effect);
}

}  // namespace coupon::test
