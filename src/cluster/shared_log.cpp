#include "coupond/cluster/shared_log.h"

#include <cstdio>
#include <sstream>
#include <utility>

namespace coupon::cluster {
namespace {

using core::Result;
using Kind = Step::Kind;

constexpr char kRoot[] = "coupond/";
constexpr char kRootEnd[] = "coupond0";
// etcd takes requests of 1.5 MiB. Hardly a change is larger: a batch ends at 1 MiB.
constexpr std::size_t kPartBytes = 1'200'000;

// The first key behind all that begin with it: '0' comes after '/'.
std::string end_of(std::string prefix) {
  prefix.back() = '0';
  return prefix;
}

const KeyValue* first_of(const std::vector<KeyValue>& found) {
  return found.empty() ? nullptr : &found.front();
}

Step put(std::string key, std::string value, std::int64_t lease = 0) {
  return {.kind = Kind::kPut, .key = std::move(key), .value = std::move(value), .lease = lease};
}

Step get(std::string key) { return {.kind = Kind::kGet, .key = std::move(key)}; }

}  // namespace

SharedLog::SharedLog(Etcd etcd, const Shop& shop)
    : etcd_(std::move(etcd)),
      shop_(shop),
      root_(kRoot + shop.instance + "/"),
      prefix_(root_ + std::to_string(shop.restore_epoch) + "/") {}

std::string SharedLog::numbered(const char* folder, std::int64_t number) const {
  char digits[24];
  std::snprintf(digits, sizeof digits, "%020lld", static_cast<long long>(number));
  return prefix_ + folder + digits;
}

std::string SharedLog::part_key(std::int64_t position, std::int64_t term, std::int64_t part) const {
  return numbered("part/", position) + "/" + std::to_string(term) + "/" + std::to_string(part);
}

std::int64_t SharedLog::position_of(const std::string& at) const {
  std::int64_t position = 0;
  std::istringstream(at.substr(std::min(key("log/").size(), at.size()))) >> position;
  return position;
}

Condition SharedLog::still(const Term& term) const {
  return {.key = key("epoch"), .changed = term.revision};
}

Step SharedLog::all_members() const {
  return {.kind = Kind::kGet, .key = key("member/"), .end = end_of(key("member/"))};
}

Step SharedLog::first_entry() const {
  return {.kind = Kind::kGet,
          .key = key("log/"),
          .end = end_of(key("log/")),
          .limit = 1,
          .keys_only = true};
}

Result<bool> SharedLog::holds_any(Etcd& etcd) {
  const auto found = etcd.transact(
      {}, {{.kind = Kind::kGet, .key = kRoot, .end = kRootEnd, .limit = 1, .keys_only = true}});
  if (!found.ok()) return found.error();
  return !found->found.at(0).empty();
}

// From shop to shop: there may be a hundred thousand keys in one.
Result<std::vector<Shop>> SharedLog::shops(Etcd& etcd) {
  std::vector<Shop> shops;
  std::string from = kRoot;
  while (true) {
    const auto step = etcd.transact(
        {}, {{.kind = Kind::kGet, .key = from, .end = kRootEnd, .limit = 1, .keys_only = true}});
    if (!step.ok()) return step.error();
    const KeyValue* one = first_of(step->found.at(0));
    if (one == nullptr) return shops;
    const std::size_t begin = sizeof kRoot - 1;
    const std::size_t slash = one->key.find('/', begin);
    if (slash == std::string::npos) return shops;
    Shop shop{.instance = one->key.substr(begin, slash - begin)};
    const std::string root = kRoot + shop.instance + "/";
    const auto newest = etcd.transact({}, {get(root + "newest")});
    if (!newest.ok()) return newest.error();
    if (const KeyValue* value = first_of(newest->found.at(0))) {
      shop.restore_epoch = std::atoll(value->value.c_str());
      shops.push_back(shop);
    }
    from = end_of(root);
  }
}

Result<View> SharedLog::look(std::int64_t after, std::int64_t limit) {
  Step entries{
      .kind = Kind::kGet, .key = log_key(after + 1), .end = end_of(key("log/")), .limit = limit};
  Step last = first_entry();
  last.last_first = true;
  auto outcome = etcd_.transact({}, {get(root_ + "newest"), get(key("epoch")), get(key("leader")),
                                     get(key("base")), entries, first_entry(), last});
  if (!outcome.ok()) return outcome.error();
  auto& found = outcome->found;
  View view;
  if (const KeyValue* one = first_of(found.at(0))) {
    view.newest = std::atoll(one->value.c_str());
    view.newest_changed = one->changed;
  }
  if (const KeyValue* one = first_of(found.at(1))) {
    std::istringstream(one->value) >> view.term >> view.schema;
    view.epoch_changed = one->changed;
  }
  if (const KeyValue* one = first_of(found.at(2))) {
    std::istringstream(one->value) >> view.leader >> view.leader_url;
    view.lease = one->lease;
  }
  if (const KeyValue* one = first_of(found.at(3))) {
    std::istringstream(one->value) >> view.base >> view.base_hash;
  }
  for (KeyValue& one : found.at(4)) {
    auto read = read_entry(std::move(one));
    if (!read.ok()) return read.error();
    view.entries.push_back(*std::move(read));
  }
  const KeyValue* first = first_of(found.at(5));
  if (first != nullptr) view.first = position_of(first->key);
  const KeyValue* end = first_of(found.at(6));
  view.last = end == nullptr ? view.base : position_of(end->key);
  return view;
}

Result<Entry> SharedLog::read_entry(KeyValue one) {
  Entry entry{.position = position_of(one.key), .sealed = {}};
  std::int64_t term = 0;
  std::int64_t count = 0;
  if (one.value.starts_with('p')) {
    std::istringstream(one.value.substr(1)) >> term >> count;
  } else if (!one.value.empty()) {
    entry.sealed = one.value.substr(1);
  }
  for (std::int64_t part = 0; part < count; ++part) {
    const auto outcome = etcd_.transact({}, {get(part_key(entry.position, term, part))});
    if (!outcome.ok()) return outcome.error();
    const KeyValue* found = first_of(outcome->found.at(0));
    if (found == nullptr) {  // trimmed meanwhile: the next look will say so
      return core::Error{
          .reason = core::Reason::kOutcomeUnknown,
          .message = "A part of change " + std::to_string(entry.position) + " is gone."};
    }
    entry.sealed += found->value;
  }
  return entry;
}

Result<std::optional<Entry>> SharedLog::entry(std::int64_t position) {
  const auto outcome = etcd_.transact({}, {get(log_key(position))});
  if (!outcome.ok()) return outcome.error();
  const KeyValue* one = first_of(outcome->found.at(0));
  if (one == nullptr) return std::optional<Entry>();
  auto read = read_entry(*one);
  if (!read.ok()) return read.error();
  return std::optional(*std::move(read));
}

Result<std::optional<Term>> SharedLog::take(const View& seen, const Candidate& candidate,
                                            std::int64_t lease) {
  const Term term{.number = seen.term + 1, .lease = lease};
  std::vector<Condition> conditions{{.key = key("leader")},
                                    {.key = key("epoch"), .changed = seen.epoch_changed},
                                    {.key = root_ + "newest", .changed = seen.newest_changed}};
  std::vector<Step> steps{
      put(key("leader"), candidate.name + " " + candidate.url, lease),
      put(key("epoch"), std::to_string(term.number) + " " + std::to_string(candidate.schema) + " " +
                            candidate.name)};
  if (seen.term == 0) {
    steps.push_back(put(root_ + "newest", std::to_string(shop_.restore_epoch)));
    steps.push_back(put(key("base"), std::to_string(candidate.position) + " " + candidate.hash));
    if (!seen.newest && !candidate.beside_others) {
      conditions.push_back({.key = kRoot, .end = kRootEnd});
    }
    // Whoever leads what was before the restore writes no more.
    if (seen.newest && *seen.newest != shop_.restore_epoch) {
      steps.push_back(put(root_ + std::to_string(*seen.newest) + "/epoch", "0 0 restored"));
    }
  }
  const auto outcome = etcd_.transact(conditions, steps);
  if (!outcome.ok()) return outcome.error();
  if (!outcome->held) return std::optional<Term>();
  return std::optional<Term>(
      {.number = term.number, .lease = lease, .revision = outcome->revision});
}

Result<bool> SharedLog::forget(const View& seen) {
  const auto outcome =
      etcd_.transact({{.key = key("leader")}, {.key = key("epoch"), .changed = seen.epoch_changed}},
                     {{.kind = Kind::kErase, .key = prefix_, .end = end_of(prefix_)}});
  if (!outcome.ok()) return outcome.error();
  return outcome->held;
}

Result<bool> SharedLog::lead_again(const Term& term, std::int64_t lease,
                                   const Candidate& candidate) {
  const auto outcome = etcd_.transact(
      {still(term), {.key = key("leader")}},
      {put(key("leader"), candidate.name + " " + candidate.url, lease)}, {get(key("leader"))});
  if (!outcome.ok()) return outcome.error();
  if (outcome->held) return true;
  const KeyValue* there = first_of(outcome->found.at(0));  // perhaps from an earlier call
  return there != nullptr && there->lease == lease;
}

// The first transaction beyond etcd's quota is carried out, and refused all the same.
Result<Outcome> SharedLog::after_full(const std::string& at, const core::Error& full) {
  auto outcome = etcd_.transact({}, {get(at)});
  if (!outcome.ok()) {
    return core::Error{.reason = core::Reason::kOutcomeUnknown, .message = full.message};
  }
  if (outcome->found.at(0).empty()) return full;
  outcome->held = false;
  return outcome;
}

Result<bool> SharedLog::append(const Term& term, const Entry& entry) {
  const std::string at = log_key(entry.position);
  std::string value = "w" + entry.sealed;
  if (value.size() > kPartBytes) {
    std::int64_t count = 0;
    for (std::size_t from = 0; from < entry.sealed.size(); from += kPartBytes, ++count) {
      const auto stored =
          etcd_.transact({still(term)}, {put(part_key(entry.position, term.number, count),
                                             entry.sealed.substr(from, kPartBytes))});
      // Whether the term still goes on is decided below: an earlier call may have got so far.
      if (!stored.ok()) return stored.error();
    }
    value = "p" + std::to_string(term.number) + " " + std::to_string(count);
  }
  auto outcome = etcd_.transact({still(term), {.key = at}}, {put(at, value)}, {get(at)});
  if (!outcome.ok() && outcome.error().reason == core::Reason::kStorageFull) {
    outcome = after_full(at, outcome.error());
  }
  if (!outcome.ok()) return outcome.error();
  if (outcome->held) return true;
  const KeyValue* there = first_of(outcome->found.at(0));
  return there != nullptr && there->value == value;
}

// With something to read: without, the member of etcd answers from what it has itself, which may be
// old where it is cut off.
Result<bool> SharedLog::confirm(const Term& term) {
  const auto outcome = etcd_.transact({still(term)}, {get(key("epoch"))});
  if (!outcome.ok()) return outcome.error();
  return outcome->held;
}

Members SharedLog::read_members(const Outcome& outcome) const {
  Members members;
  for (const KeyValue& one : outcome.found.at(0)) {
    members.positions[one.key.substr(key("member/").size())] = std::atoll(one.value.c_str());
  }
  const KeyValue* first = first_of(outcome.found.at(1));
  if (first != nullptr) members.first = position_of(first->key);
  return members;
}

Result<std::optional<Members>> SharedLog::members(const Term& term) {
  const auto outcome = etcd_.transact({still(term)}, {all_members(), first_entry()});
  if (!outcome.ok()) return outcome.error();
  if (!outcome->held) return std::optional<Members>();
  return std::optional(read_members(*outcome));
}

Result<Members> SharedLog::members() {
  const auto outcome = etcd_.transact({}, {all_members(), first_entry()});
  if (!outcome.ok()) return outcome.error();
  return read_members(*outcome);
}

Result<core::Done> SharedLog::report(const std::string& member, std::int64_t position) {
  const auto outcome = etcd_.transact({}, {put(key("member/" + member), std::to_string(position))});
  if (!outcome.ok()) return outcome.error();
  return core::Done{};
}

Result<core::Done> SharedLog::forget_member(const std::string& member) {
  const auto outcome = etcd_.transact({}, {{.kind = Kind::kErase, .key = key("member/" + member)}});
  if (!outcome.ok()) return outcome.error();
  return core::Done{};
}

// etcd keeps what was deleted until it is told to forget it.
Result<core::Done> SharedLog::trim(const Term& term, std::int64_t up_to) {
  const auto outcome = etcd_.transact(
      {still(term)},
      {{.kind = Kind::kErase, .key = key("log/"), .end = log_key(up_to + 1)},
       {.kind = Kind::kErase, .key = key("part/"), .end = numbered("part/", up_to + 1)}});
  if (!outcome.ok()) return outcome.error();
  if (!outcome->held) return core::Done{};
  return etcd_.compact(outcome->revision);
}

}  // namespace coupon::cluster
