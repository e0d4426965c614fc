#include "tests/simulation/command_source.h"

#include <array>

#include "coupond/core/ids.h"
#include "tests/support/random_policy.h"

namespace coupon::test {

namespace {

bool by_clerk(Command::Kind kind) {
  return kind == Command::Kind::kVoid || kind == Command::Kind::kTopUp ||
         kind == Command::Kind::kTransfer || is_change(kind);
}

}  // namespace

struct CommandSource::Kinds {
  int weight;
  Kind kind;
};

CommandSource::Kind CommandSource::any_kind() {
  static constexpr std::array<Kinds, Command::kKinds> kKinds{{{1, Kind::kOpenCampaign},
                                                              {6, Kind::kGenerate},
                                                              {2, Kind::kSetActive},
                                                              {2, Kind::kSetCap},
                                                              {1, Kind::kArchive},
                                                              {18, Kind::kIssue},
                                                              {8, Kind::kAssign},
                                                              {18, Kind::kHold},
                                                              {7, Kind::kRelease},
                                                              {30, Kind::kRedeem},
                                                              {8, Kind::kRollBack},
                                                              {3, Kind::kVoid},
                                                              {4, Kind::kCredit},
                                                              {5, Kind::kTopUp},
                                                              {4, Kind::kTransfer},
                                                              {4, Kind::kRestore},
                                                              {3, Kind::kFree},
                                                              {6, Kind::kTerms},
                                                              {6, Kind::kReassign}}};
  const auto weight = [&](const Kinds& entry) {
    return is_change(entry.kind) && !changes_ ? 0 : entry.weight;
  };
  int total = 0;
  for (const Kinds& entry : kKinds) total += weight(entry);
  Id left = below(total);
  for (const Kinds& entry : kKinds) {
    left -= weight(entry);
    if (left < 0) return entry.kind;
  }
  return Kind::kIssue;
}

CommandSource::Who CommandSource::any_who() {
  if (one_in(15)) return Who::kStranger;
  return one_in(2) ? Who::kThemself : Who::kClerk;
}

domain::TokenHash CommandSource::token() {
  domain::TokenHash token{};
  bytes_(token);
  return token;
}

service::FreshCode CommandSource::fresh_code() {
  return *service::seal_code(vault_, core::make_card_code(bytes_));
}

Command CommandSource::open_campaign(core::UnixMs now) {
  constexpr std::array kModes{domain::Mode::kToken, domain::Mode::kPool, domain::Mode::kShared,
                              domain::Mode::kCard, domain::Mode::kClaim};
  Command command{.kind = Kind::kOpenCampaign, .marker = marker()};
  command.opened.uuid = core::uuid4(bytes_);
  command.opened.name = command.opened.uuid;
  command.opened.mode = kModes[opened_++ % kModes.size()];
  command.opened.policy = random_policy(random_, command.opened.mode, now);
  return command;
}

Command CommandSource::next(const World& world, core::UnixMs now) {
  Command command{.kind = any_kind(), .marker = marker(), .who = any_who()};
  command.user = last_of(world.model.users, Id(world.model.users.size())).first;
  switch (command.kind) {
    case Kind::kOpenCampaign:
      return open_campaign(now);
    case Kind::kCredit:
      command.number = one_in(2) ? 1 + below(50) : -1 - below(50);
      return command;
    case Kind::kRollBack:
      command.who = one_in(12) ? Who::kStranger : Who::kClerk;
      if (!world.model.redemptions.empty()) {
        command.number = last_of(world.model.redemptions, 20).first;
      }
      return command;
    case Kind::kGenerate:
    case Kind::kSetActive:
    case Kind::kSetCap:
    case Kind::kArchive:
    case Kind::kIssue:
      about_campaign(command, world);
      return command;
    default:
      about_coupon(command, world);
      return command;
  }
}

void CommandSource::about_campaign(Command& command, const World& world) {
  const auto& [id, campaign] = last_of(world.model.campaigns, 12);
  const bool shared = campaign.mode == domain::Mode::kShared;
  command.campaign = id;
  if (command.kind != Kind::kIssue && !one_in(12)) command.who = Who::kClerk;
  // These take a campaign out of play; mostly the others stay in.
  if (command.kind == Kind::kArchive && !one_in(4)) command.kind = Kind::kSetActive;
  if (command.kind == Kind::kSetCap && shared) command.kind = Kind::kSetActive;
  if (command.kind == Kind::kSetCap) command.number = below(70);
  if (command.kind == Kind::kSetActive) command.number = one_in(5) ? 0 : 1;
  Id codes = 0;
  if (command.kind == Kind::kGenerate) codes = shared ? 1 : 1 + below(6);
  if (command.kind == Kind::kIssue) codes = 1;
  for (Id i = 0; i < codes; ++i) command.codes.push_back(fresh_code());
  command.draw = random_.next();
}

void CommandSource::about_coupon(Command& command, const World& world) {
  if (world.model.coupons.empty() || one_in(40)) {
    command.code = fresh_code().hash;  // of no coupon
    command.to = fresh_code().hash;
    command.amount = 1;
    command.token = token();
    return;
  }
  const auto* chosen = &last_of(world.model.coupons, one_in(4) ? 400 : 30);
  // Few are void: some are looked for.
  for (int i = 0; command.kind == Kind::kRestore && !chosen->second.is_void && i < 20; ++i) {
    chosen = &last_of(world.model.coupons, 400);
  }
  const auto& [id, coupon] = *chosen;
  for (const auto& [code, of] : world.coupons) {
    if (of == id) command.code = code;
  }
  const bool to_another = command.kind == Kind::kReassign;
  if (coupon.owner && !one_in(10) && !to_another) command.user = *coupon.owner;
  choose_terms(command, world);
  if (by_clerk(command.kind)) command.who = one_in(12) ? Who::kStranger : Who::kClerk;
  choose_amount(command, coupon);
  if (command.kind == Kind::kTransfer) {
    command.to = std::next(world.coupons.begin(), below(Id(world.coupons.size())))->first;
  }
  show_token(command, world, coupon);
}

void CommandSource::choose_terms(Command& command, const World& world) {
  if (command.kind != Kind::kTerms) return;
  command.number = one_in(4) ? 0 : 1 + below(4);
  if (one_in(3)) command.until = core::UnixMs{world.last_at.value + below(600'000)};
}

// Mostly one that is there; now and then none is said.
void CommandSource::choose_amount(Command& command, const ReferenceModel::Coupon& coupon) {
  if (command.kind == Kind::kTopUp) command.amount = 1 + below(300);
  const bool takes = command.kind == Kind::kTransfer ||
                     (command.kind == Kind::kRedeem && (coupon.put_on || one_in(30)));
  if (!takes || one_in(5)) return;
  command.amount = 1 + below(one_in(3) ? coupon.balance() + 2 : 1 + coupon.balance() / 3);
}

void CommandSource::show_token(Command& command, const World& world,
                               const ReferenceModel::Coupon& coupon) {
  const bool held = world.model.is_held(coupon);
  if (command.kind == Kind::kHold) {
    command.token = token();
    command.number = 1 + below(200);
  }
  if (command.kind == Kind::kRelease)
    command.token = held && !one_in(6) ? world.model.last_hold(coupon).token : token();
  if (command.kind == Kind::kRedeem) {
    if (held && !one_in(4)) command.token = world.model.last_hold(coupon).token;
    if (one_in(12)) command.token = token();
  }
  if (held && !by_clerk(command.kind) && !one_in(8)) {
    command.user = world.model.last_hold(coupon).user;
  }
}

Command CommandSource::altered(const Command& command) {
  Command other = command;
  other.marker = marker();
  other.number += 1;
  return other;
}

}  // namespace coupon::test
