// Standby: a member of a cluster that does not lead. It takes each change from the shared log as it
// comes, and leads when nobody else does. For one thread.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "coupond/cluster/leader.h"
#include "coupond/cluster/shared_log.h"
#include "coupond/store/replica.h"

namespace coupon::cluster {

class Standby {
 public:
  struct Options {
    std::string etcd;  // its address
    std::string name;
    std::string url;             // of this member
    std::size_t keep_bytes = 0;  // see Leader
    // Where the log does not lead on from this database, begins the cluster anew with it.
    bool begin = false;
    std::function<void(const std::string&)> notice = [](const std::string&) {};
    std::function<void(const std::string&)> trouble = [](const std::string&) {};  // see Leader
  };
  struct State {
    std::string leader = {};  // empty: nobody, as far as is known
    std::string leader_url = {};
    std::int64_t position = 0;
    std::int64_t last = 0;     // change of the log
    bool more = false;         // there is more to take at once
    std::string trouble = {};  // with etcd; empty: none
  };

  // The directory has a database.
  static core::Result<std::unique_ptr<Standby>> open(const store::DataPaths& paths,
                                                     Options options);

  // Takes what has come, and tries to lead where nobody does. Refused for good, with a sentence
  // that says what to do, when this database and the log do not belong together.
  core::Result<core::Done> step();
  // After step(): from the moment that this member leads. All of the log is in the database, and
  // the directory is free for an engine; this object is of no more use.
  std::unique_ptr<Leader> take_lead();
  const State& state() const { return state_; }

 private:
  using Refusal = std::optional<core::Error>;

  Standby(store::DataPaths paths, Options options, std::unique_ptr<store::Replica> replica,
          Etcd etcd);
  std::optional<View> look();
  Refusal refuse(const View& view);
  Refusal refuse_schema(const View& view) const;
  Refusal refuse_end(const View& view);
  Refusal refuse_beginning(const View& view) const;
  Refusal begin_anew(const View& view);
  Refusal take_entries(const View& view);
  Refusal lead(const View& view);
  Refusal catch_up(Term term);
  void report();
  Candidate self() const;

  const store::DataPaths paths_;
  const Options options_;
  std::unique_ptr<store::Replica> replica_;
  const core::Block<32> key_;
  SharedLog log_;
  State state_;
  std::int64_t reported_ = -1;
  bool joined_ = false;      // the log was seen to lead on from this database
  bool begun_anew_ = false;  // as options_.begin wants it
  std::int64_t lease_ = 0;   // of a try to lead whose outcome is not known
  std::int64_t heard_at_ms_ = 0;
  std::optional<Term> term_;
};

}  // namespace coupon::cluster
