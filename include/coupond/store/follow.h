// Following a copy directory from another machine: a data directory that takes each change as it
// arrives, and stands ready to become the shop. Until then nobody serves it. `serve` makes it the
// shop: it begins a restore epoch, so that the one it followed, should it come back, is known to be
// from before.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "coupond/core/clock.h"
#include "coupond/core/result.h"
#include "coupond/store/copy_dir.h"
#include "coupond/store/data_dir.h"
#include "coupond/store/restore.h"

namespace coupon::store {

// Lies in a data directory that follows; its first line is what it follows.
std::string follow_note(const DataPaths& paths);
// Why the directory can be served only by whoever means to make it the shop; nothing when it does
// not follow.
std::optional<core::Error> refuse_follower(const DataPaths& paths);
// Makes it the shop. Nothing to do when it does not follow. Takes the directory's lock for the
// while.
core::Result<core::Done> promote(const DataPaths& paths, const core::Clock& clock,
                                 const std::function<void(const std::string&)>& notice);

// For one thread. Owns the data directory.
class Follower {
 public:
  struct Options {
    std::string key_file = {};
    // What an owner should know, as sentences.
    std::function<void(const std::string&)> notice = [](const std::string&) {};
  };
  struct State {
    std::int64_t applied = 0;  // changes, by this step
    std::int64_t position = 0;
    LedgerHead head = {};
    std::optional<core::UnixMs> at = {};  // of the last change that was taken; none: none yet
    std::string waits_for = {};           // why no more could be taken; empty: for the next change
  };

  // Begins with the newest base when the data directory has no database, and goes on where it was
  // otherwise. Refuses a directory that has a shop of its own.
  static core::Result<std::unique_ptr<Follower>> open(const DataPaths& paths,
                                                      const std::string& directory,
                                                      Options options);
  Follower(const Follower&) = delete;
  Follower& operator=(const Follower&) = delete;
  ~Follower();

  // Takes what has arrived. Refuses, for good, what does not fit: the copy went another way.
  core::Result<State> step();

 private:
  struct Open;

  Follower(DataPaths paths, std::string directory, Options options);
  core::Result<core::Done> begin();
  core::Result<core::Done> reopen();
  core::Result<bool> begin_again(bool changes_end);

  const DataPaths paths_;
  const std::string directory_;
  const Options options_;
  std::unique_ptr<Open> open_;
  State state_;
  std::string looked_at_;  // the base that was last begun with, or was no good
};

}  // namespace coupon::store
