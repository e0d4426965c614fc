#include "tests/simulation/ledger_check.h"

#include <algorithm>
#include <functional>
#include <map>

namespace coupon::test {
namespace {

using Kind = Command::Kind;

std::string about(const Record& record) {
  return std::string(name(record.command.kind)) + " " + record.command.marker;
}

// Not executed, for reasons of the machine's.
bool says_nothing(core::Reason reason) {
  switch (core::kind(reason)) {
    case core::Kind::kBusy:
    case core::Kind::kStorageFull:
    case core::Kind::kInternal:
      return true;
    default:
      return false;
  }
}

// What the ledger says an accepted command did.
Effect effect_of(const store::LedgerRow& row, const Command& command, const World& world) {
  Effect effect{.seq = row.seq, .at = row.at};
  effect.campaign = row.campaign_id ? row.campaign_id->value : 0;
  const auto coupon = row.coupon_id ? row.coupon_id->value : 0;
  if (command.kind == Kind::kGenerate || row.operation == store::operation::kIssue) {
    for (std::size_t i = 0; i < command.codes.size(); ++i) {
      effect.coupons.emplace_back(command.codes[i].hash, coupon + World::Id(i));
    }
  } else if (command.kind == Kind::kIssue) {
    for (const auto& [code, id] : world.coupons) {
      if (id == coupon) effect.coupons.emplace_back(code, id);
    }
  }
  return effect;
}

// A question that must have been answered rightly at some point of the order: after `first` entries
// at the earliest, after `last` at the latest.
struct Question {
  std::size_t first = 0;
  std::size_t last = 0;
  std::function<bool(const World&)> is_right;
  std::string text;
};

class LedgerOrder {
 public:
  explicit LedgerOrder(const RecordedHistory& history) : history_(history) {
    for (const Record& record : history.records) {
      if (!records_.emplace(record.command.marker, &record).second) {
        wrong("two requests have the marker " + record.command.marker);
      }
    }
  }

  std::vector<std::string> check() {
    match();
    check_real_time();
    if (wrong_.empty()) replay();
    return wrong_;
  }

 private:
  void wrong(std::string what) { wrong_.push_back(std::move(what)); }

  // Entries and requests belong together, one to one.
  void match() {
    for (const auto& row : history_.ledger) {
      const auto found = records_.find(row.actor);
      const Record* record = found == records_.end() ? nullptr : found->second;
      order_.push_back(record);
      if (row.operation == store::operation::kTakeover) continue;  // by a cluster's member itself
      if (record == nullptr) {
        wrong("entry " + std::to_string(row.seq.value) + " is of no request");
      } else if (!place_.emplace(record, order_.size()).second) {
        wrong("done twice: " + about(*record));
      } else if (record->reason) {
        wrong("refused and done: " + about(*record));
      } else if (record->effect && record->effect->seq != row.seq) {
        wrong("another entry than acknowledged: " + about(*record));
      }
    }
    for (const Record& record : history_.records) {
      if (record.effect && !place_.contains(&record)) wrong("lost: " + about(record));
    }
  }

  // No entry stands before that of a request which was answered before its own was made.
  void check_real_time() {
    Moment earliest_reply = kNever;
    for (auto it = order_.rbegin(); it != order_.rend(); ++it) {
      if (*it == nullptr) continue;
      if (earliest_reply < (*it)->invoked) wrong("out of order: " + about(**it));
      earliest_reply = std::min(earliest_reply, (*it)->replied);
    }
  }

  // Which part of the order a question between the two moments may have been answered in.
  void ask(Moment invoked, Moment replied, std::string text,
           std::function<bool(const World&)> is_right) {
    Question question{.first = 0,
                      .last = order_.size(),
                      .is_right = std::move(is_right),
                      .text = std::move(text)};
    for (std::size_t i = 0; i < order_.size(); ++i) {
      if (order_[i] == nullptr) continue;
      if (order_[i]->replied < invoked) question.first = i + 1;
      if (order_[i]->invoked > replied) question.last = std::min(question.last, i);
    }
    questions_.push_back(std::move(question));
  }

  void ask_all() {
    for (const Record& record : history_.records) {
      if (!record.reason || says_nothing(*record.reason)) continue;
      ask(record.invoked, record.replied,
          about(record) + " was refused with " + std::string(core::name(*record.reason)),
          [&record](const World& world) {
            return expected(world, record.command) == record.reason;
          });
    }
    for (const Look& look : history_.looks) {
      ask(look.invoked, look.replied,
          "campaign " + std::to_string(look.campaign) + " was seen with other counters",
          [&look](const World& world) {
            return world.model.counters(look.campaign) == look.counters;
          });
    }
  }

  void replay() {
    ask_all();
    World world = history_.start;
    answer(world, 0);
    for (std::size_t i = 0; i < order_.size() && wrong_.empty(); ++i) {
      if (order_[i] != nullptr) {
        take(world, history_.ledger[i], *order_[i]);
      } else {
        world.last_seq = history_.ledger[i].seq.value;
        world.last_at = history_.ledger[i].at;
      }
      answer(world, i + 1);
    }
    for (const Question& question : questions_) {
      if (question.is_right) wrong(question.text + ", which was right at no time");
    }
  }

  void take(World& world, const store::LedgerRow& row, const Record& record) {
    world.model.now = row.at;
    if (const auto verdict = expected(world, record.command)) {
      return wrong(about(record) + " should have been refused with " +
                   std::string(core::name(*verdict)));
    }
    Effect effect = effect_of(row, record.command, world);
    if (record.effect) {
      if (!effect.coupons.empty() && effect.coupons != record.effect->coupons) {
        return wrong(about(record) + " was told of another coupon");
      }
      effect.until = record.effect->until;
      effect.credit = record.effect->credit;
    }
    const std::string odd = apply(world, record.command, effect);
    if (record.effect && !odd.empty()) wrong(about(record) + ": " + odd);
  }

  void answer(const World& world, std::size_t entries) {
    for (Question& question : questions_) {
      if (!question.is_right || entries < question.first || entries > question.last) continue;
      if (question.is_right(world)) question.is_right = nullptr;
    }
  }

  const RecordedHistory& history_;
  std::map<std::string, const Record*> records_;  // by marker
  std::vector<const Record*> order_;              // of the ledger's entries
  std::map<const Record*, std::size_t> place_;
  std::vector<Question> questions_;
  std::vector<std::string> wrong_;
};

}  // namespace

std::vector<std::string> check_by_ledger(const RecordedHistory& history) {
  return LedgerOrder(history).check();
}

}  // namespace coupon::test
