#include "tests/simulation/object_check.h"

#include <compare>
#include <map>

#include "tests/simulation/code_object.h"
#include "tests/simulation/linearizable.h"

namespace coupon::test {
namespace {

using core::Reason;
using domain::CodeHash;
using Id = World::Id;
using Kind = Command::Kind;

constexpr Moment kAtTheEnd = kNever - 1;

// ---- One campaign, one user ----

struct CampaignState {
  std::int64_t issued = 0;
  std::int64_t available = 0;
  std::optional<std::int64_t> cap = {};
  auto operator<=>(const CampaignState&) const = default;

  bool has_room(std::int64_t units) const { return !cap || issued + units <= *cap; }
};

bool done(CampaignState& campaign, const Command& command, const store::LedgerRow& row) {
  if (command.kind == Kind::kSetCap) {
    campaign.cap = command.number;
    return campaign.has_room(0);
  }
  const bool makes = row.operation == store::operation::kIssue || command.kind == Kind::kGenerate;
  const std::int64_t units = makes ? row.units : 0;
  if (!campaign.has_room(units)) return false;
  campaign.issued += units;
  campaign.available += row.available;
  return campaign.available >= 0;
}

bool may_refuse(const CampaignState& campaign, const Command& command, Reason reason) {
  if (reason == Reason::kCapBelowUsed) return campaign.issued > command.number;
  if (reason == Reason::kCampaignCapReached) {
    const bool many = command.kind == Kind::kGenerate;
    return !campaign.has_room(many ? std::int64_t(command.codes.size()) : 1);
  }
  if (reason == Reason::kNoCouponsLeft && command.kind == Kind::kIssue) {
    return campaign.available == 0;
  }
  return true;
}

// ---- The partition ----

// A request that happened, or was refused.
struct Known {
  const Record* record = nullptr;
  const store::LedgerRow* row = nullptr;  // none: refused
};

class Objects {
 public:
  explicit Objects(const RecordedHistory& history) : history_(history) {
    std::map<std::string, const store::LedgerRow*> rows;
    for (const auto& row : history.ledger) rows.emplace(row.actor, &row);
    for (const auto& [code, id] : history.start.coupons) codes_.emplace(id, code);
    for (const Record& record : history.records) {
      const auto found = rows.find(record.command.marker);
      const auto* row = found == rows.end() ? nullptr : found->second;
      // Acknowledged and not there; of unknown outcome and not there.
      if (record.effect && row == nullptr) {
        report_.wrong.push_back("lost: " + record.command.marker);
      }
      if (row == nullptr && !record.reason) continue;
      known_.push_back({.record = &record, .row = record.reason ? nullptr : row});
      learn_codes(known_.back());
    }
  }

  ObjectReport check() {
    for (const auto& [code, sight] : history_.coupons) check_code(code, sight);
    for (const auto& [id, campaign] : history_.start.model.campaigns) check_campaign(id);
    for (const auto& [user, credit] : history_.credit) check_credit(user, credit);
    for (const auto& [id, campaign] : history_.start.model.campaigns) {
      if (!campaign.policy.max_per_user) continue;
      for (const auto& [user, credit] : history_.credit) check_share(id, user);
    }
    return report_;
  }

 private:
  void learn_codes(const Known& known) {
    if (known.row == nullptr || !known.row->coupon_id) return;
    const Command& command = known.record->command;
    const bool makes =
        known.row->operation == store::operation::kIssue || command.kind == Kind::kGenerate;
    if (!makes) return;
    for (std::size_t i = 0; i < command.codes.size(); ++i) {
      codes_.emplace(known.row->coupon_id->value + Id(i), command.codes[i].hash);
    }
  }

  // Whether the request is about the code, by name or by what it did.
  bool touches(const Known& known, const CodeHash& code) const {
    const Command& command = known.record->command;
    if (command.code) return *command.code == code;
    if (known.row == nullptr || !known.row->coupon_id) return false;
    const Id first = known.row->coupon_id->value;
    const Id units = command.kind == Kind::kGenerate ? known.row->units : 1;
    for (Id id = first; id < first + units; ++id) {
      const auto found = codes_.find(id);
      if (found != codes_.end() && found->second == code) return true;
    }
    return false;
  }

  template <class State, class Take>
  Step<State> step(const Known& known, Take take) const {
    return {.invoked = known.record->invoked, .replied = known.record->replied, .take = take};
  }

  template <class State>
  void search(const std::string& object, const State& start,
              const std::vector<Step<State>>& steps) {
    if (steps.size() > LinearSearch<State>::kStepsMax) {
      ++report_.too_long;
      return;
    }
    if (steps.size() > 1) ++report_.searched;
    if (!LinearSearch<State>(steps).exists(start)) {
      report_.wrong.push_back("no order explains what was seen of " + object);
    }
  }

  CodeRules rules_of(const CodeHash& code) const {
    Id campaign = 0;
    CodeRules rules;
    const auto known = history_.start.coupons.find(code);
    if (known != history_.start.coupons.end()) {
      const auto& coupon = history_.start.model.coupons.at(known->second);
      campaign = coupon.campaign;
      rules.max_uses = coupon.max_uses;
      rules.value = coupon.put_on;
    } else {
      for (const Known& made : known_) {
        if (made.row != nullptr && touches(made, code) && made.row->campaign_id) {
          campaign = made.row->campaign_id->value;
          break;
        }
      }
    }
    const auto found = history_.start.model.campaigns.find(campaign);
    if (found == history_.start.model.campaigns.end()) return rules;
    const auto& policy = found->second.policy;
    if (known == history_.start.coupons.end()) {
      rules.max_uses = policy.max_redemptions_per_coupon;
      rules.value = policy.value;
    }
    rules.bearer = domain::traits(found->second.mode).bearer;
    rules.minted = domain::traits(found->second.mode).minted;
    rules.hold_required = policy.hold_required;
    return rules;
  }

  CodeState start_of(const CodeHash& code) const {
    const auto known = history_.start.coupons.find(code);
    if (known == history_.start.coupons.end()) return {};
    const auto& coupon = history_.start.model.coupons.at(known->second);
    CodeState state{.exists = true, .is_void = coupon.is_void, .owner = coupon.owner.value_or(0)};
    state.put_on = coupon.put_on.value_or(0);
    for (const auto& [id, redemption] : history_.start.model.redemptions) {
      if (redemption.stands && redemption.coupon == known->second)
        state.standing.emplace(id, redemption.taken);
    }
    for (const auto& hold : coupon.holds) state.holds.emplace(hold.token, hold.user);
    return state;
  }

  void check_code(const CodeHash& code, const LastSight& sight) {
    const CodeRules rules = rules_of(code);
    std::vector<Step<CodeState>> steps;
    for (const Known& known : known_) {
      if (!touches(known, code)) continue;
      steps.push_back(step<CodeState>(known, [&rules, known](CodeState& state) {
        const Command& command = known.record->command;
        if (known.row != nullptr) return done(rules, state, command, known.row->seq.value);
        return may_refuse(rules, state, command, *known.record->reason);
      }));
    }
    steps.push_back({.invoked = kAtTheEnd, .replied = kNever, .take = [&](CodeState& state) {
                       return state.owner == sight.owner && state.is_void == sight.is_void &&
                              std::int64_t(state.standing.size()) == sight.uses &&
                              (!sight.balance || sight.balance == state.balance());
                     }});
    search("a code", start_of(code), steps);
  }

  void check_campaign(Id id) {
    std::vector<Step<CampaignState>> steps;
    for (const Known& known : known_) {
      const Command& command = known.record->command;
      const bool by_row = known.row != nullptr && known.row->campaign_id == core::CampaignId{id};
      if (!by_row && (known.row != nullptr || command.campaign != id)) continue;
      steps.push_back(step<CampaignState>(known, [known](CampaignState& state) {
        const Command& asked = known.record->command;
        if (known.row != nullptr) return done(state, asked, *known.row);
        return may_refuse(state, asked, *known.record->reason);
      }));
    }
    for (const Look& look : history_.looks) {
      if (look.campaign != id) continue;
      steps.push_back(
          {.invoked = look.invoked, .replied = look.replied, .take = [&look](CampaignState& state) {
             return state.issued == look.counters.issued &&
                    state.available == look.counters.available;
           }});
    }
    const domain::Counters counters = history_.start.model.counters(id);
    search("campaign " + std::to_string(id),
           CampaignState{.issued = counters.issued,
                         .available = counters.available,
                         .cap = history_.start.model.campaigns.at(id).policy.max_issued},
           steps);
  }

  // A user's coupons of a campaign with a cap per user.
  void check_share(Id campaign, Id user) {
    const std::int64_t cap = *history_.start.model.campaigns.at(campaign).policy.max_per_user;
    std::vector<Step<std::int64_t>> steps;
    for (const Known& known : known_) {
      const Command& command = known.record->command;
      const bool gives = command.kind == Kind::kIssue || command.kind == Kind::kAssign;
      const bool here = known.row != nullptr ? known.row->campaign_id == core::CampaignId{campaign}
                                             : command.campaign == campaign;
      if (!gives || !here || command.user != user) continue;
      steps.push_back(step<std::int64_t>(known, [known, cap](std::int64_t& had) {
        if (known.row != nullptr) return had++ < cap;
        return *known.record->reason != Reason::kUserCapReached || had >= cap;
      }));
    }
    std::int64_t had = 0;
    for (const auto& [id, coupon] : history_.start.model.coupons) {
      had += coupon.campaign == campaign && coupon.owner == user ? 1 : 0;
    }
    search("user " + std::to_string(user) + "'s share of campaign " + std::to_string(campaign), had,
           steps);
  }

  void check_credit(Id user, std::int64_t at_the_end) {
    std::vector<Step<std::int64_t>> steps;
    for (const Known& known : known_) {
      const Command& command = known.record->command;
      const bool moves = command.kind == Kind::kCredit || command.kind == Kind::kRedeem ||
                         command.kind == Kind::kRollBack;
      const bool here = known.row != nullptr
                            ? known.row->user_id == core::UserId{user}
                            : command.user == user && command.kind == Kind::kCredit;
      if (!moves || !here) continue;
      steps.push_back(step<std::int64_t>(known, [known](std::int64_t& credit) {
        const Record& record = *known.record;
        if (known.row == nullptr) {
          return *record.reason != Reason::kInsufficientCredit ||
                 credit + record.command.number < 0;
        }
        credit += known.row->credit.value;
        const auto told = record.effect ? record.effect->credit : std::nullopt;
        return credit >= 0 && (!told || *told == credit);
      }));
    }
    steps.push_back({.invoked = kAtTheEnd,
                     .replied = kNever,
                     .take = [at_the_end](std::int64_t& credit) { return credit == at_the_end; }});
    search("the credit of user " + std::to_string(user), history_.start.model.users.at(user).credit,
           steps);
  }

  const RecordedHistory& history_;
  std::vector<Known> known_;
  std::map<Id, CodeHash> codes_;  // by coupon
  ObjectReport report_;
};

}  // namespace

ObjectReport check_objects(const RecordedHistory& history) { return Objects(history).check(); }

}  // namespace coupon::test
