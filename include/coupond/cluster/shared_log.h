// SharedLog: what a cluster keeps in etcd. One of its members leads: it alone writes, and its
// changes lie there before it commits them; the others take them from there. etcd orders and keeps,
// and executes nothing.
//
//   coupond/INSTANCE/newest        the restore epoch that is served
//   coupond/INSTANCE/EPOCH/epoch   "TERM SCHEMA NAME", written by whoever begins to lead
//   coupond/INSTANCE/EPOCH/leader  "NAME URL", goes 5 s after the leader was last heard of
//   coupond/INSTANCE/EPOCH/base    "POSITION HASH": what the log begins after
//   coupond/INSTANCE/EPOCH/log/P   change P in 20 digits, sealed: "w" and the change, or "pTERM N"
//   coupond/INSTANCE/EPOCH/part/P/TERM/I  where it is in N parts, too large for one value
//   coupond/INSTANCE/EPOCH/member/NAME  the position up to which the member has all durably
//
// `leader` only says when somebody else may try. Who may write is said by the revision of `epoch`,
// which each write compares. Errors are Etcd's. For one thread.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "coupond/cluster/etcd.h"
#include "coupond/core/result.h"

namespace coupon::cluster {

inline constexpr std::int64_t kLeaseSeconds = 5;

struct Shop {
  std::string instance;
  std::int64_t restore_epoch = 0;
};

// A time of leading.
struct Term {
  std::int64_t number = 0;
  std::int64_t lease = 0;
  std::int64_t revision = 0;  // of `epoch`
};

struct Entry {
  std::int64_t position = 0;
  std::string sealed;
};

struct View {
  std::optional<std::int64_t> newest = {};  // restore epoch; none: etcd does not know the shop
  std::int64_t newest_changed = 0;
  std::int64_t term = 0;  // 0: nobody led in this restore epoch
  std::int64_t schema = 0;
  std::int64_t epoch_changed = 0;
  std::string leader = {};  // empty: nobody leads
  std::string leader_url = {};
  std::int64_t lease = 0;
  std::int64_t base = 0;
  std::string base_hash = {};
  std::int64_t first = 0;           // that is still there; 0: none is
  std::int64_t last = 0;            // the last change, or `base`
  std::vector<Entry> entries = {};  // from the one asked for on
};

struct Candidate {
  std::string name;
  std::string url;
  std::int64_t schema = 0;
  std::int64_t position = 0;   // up to which it has all
  std::string hash = {};       // of the ledger's head there
  bool beside_others = false;  // may begin where etcd holds another shop
};

struct Members {
  std::map<std::string, std::int64_t> positions;
  std::int64_t first = 0;  // change that is still in the log; 0: none is
};

class SharedLog {
 public:
  SharedLog(Etcd etcd, const Shop& shop);

  // Whether etcd holds any shop.
  static core::Result<bool> holds_any(Etcd& etcd);
  static core::Result<std::vector<Shop>> shops(Etcd& etcd);

  // How things stand, with up to `limit` entries after a position.
  core::Result<View> look(std::int64_t after, std::int64_t limit);
  core::Result<std::optional<Entry>> entry(std::int64_t position);

  // Begins to lead, as it looked when it was seen. Nothing: somebody else was faster. After
  // kOutcomeUnknown the next look() says whether the lease leads.
  core::Result<std::optional<Term>> take(const View& seen, const Candidate& candidate,
                                         std::int64_t lease);
  // Forgets all of this restore epoch. False: somebody leads, or led meanwhile.
  core::Result<bool> forget(const View& seen);
  core::Result<std::int64_t> grant() { return etcd_.grant(kLeaseSeconds); }
  core::Result<bool> renew(const Term& term) { return etcd_.renew(term.lease); }
  // Leads on under another lease, where nobody else leads.
  core::Result<bool> lead_again(const Term& term, std::int64_t lease, const Candidate& candidate);
  core::Result<core::Done> resign(const Term& term) { return etcd_.revoke(term.lease); }

  // True: the entry lies there, perhaps from an earlier call. False: it does not and never will,
  // for somebody else leads.
  core::Result<bool> append(const Term& term, const Entry& entry);
  // Whether the term goes on.
  core::Result<bool> confirm(const Term& term);
  // Nothing: it does not.
  core::Result<std::optional<Members>> members(const Term& term);
  core::Result<Members> members();
  core::Result<core::Done> report(const std::string& member, std::int64_t position);
  core::Result<core::Done> forget_member(const std::string& member);
  // Removes the changes up to a position.
  core::Result<core::Done> trim(const Term& term, std::int64_t up_to);

 private:
  std::string key(const std::string& name) const { return prefix_ + name; }
  std::string numbered(const char* folder, std::int64_t number) const;
  std::string log_key(std::int64_t position) const { return numbered("log/", position); }
  std::string part_key(std::int64_t position, std::int64_t term, std::int64_t part) const;
  core::Result<Entry> read_entry(KeyValue one);
  core::Result<Outcome> after_full(const std::string& at, const core::Error& full);
  std::int64_t position_of(const std::string& key) const;
  Condition still(const Term& term) const;
  Step all_members() const;
  Step first_entry() const;
  Members read_members(const Outcome& outcome) const;

  Etcd etcd_;
  const Shop shop_;
  const std::string root_;    // coupond/INSTANCE/
  const std::string prefix_;  // coupond/INSTANCE/EPOCH/
};

}  // namespace coupon::cluster
