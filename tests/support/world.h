// What a database should hold, as a value: the reference model, and beside it what the model leaves
// out (codes, the ledger's end, stored replies). A batch of operations is tried on a copy, so that
// both outcomes of a commit that may have failed are at hand. One thread.
#pragma once

#include <algorithm>
#include <cstdint>
#include <map>
#include <string>

#include "coupond/core/hash.h"
#include "coupond/store/connection.h"
#include "coupond/store/readers.h"
#include "tests/support/reference_model.h"

namespace coupon::test {

// The first answer to a request with an Idempotency-Key.
struct KeptReply {
  core::Digest request{};
  std::string text;
  core::UnixMs at;
};

struct World {
  using Id = ReferenceModel::Id;

  ReferenceModel model;
  std::map<domain::CodeHash, Id> coupons;     // by code
  std::map<core::Digest, KeptReply> replies;  // by key
  std::int64_t last_seq = 0;                  // of the ledger
  core::UnixMs last_at = {};

  // What time an operation should see when the clock says `clock_now`: the clock's, and the last
  // entry's when that is up to a minute later.
  core::UnixMs now(core::UnixMs clock_now) const {
    return clock_now < last_at && last_at <= clock_now + 60'000 ? last_at : clock_now;
  }
  // A batch begins. When the clock was put back before it, holds last no longer than they may from
  // now on, and replies are as old as they can be.
  void begin_batch(core::UnixMs clock_now);
};

// Holds every figure of the file against the world, as of `now`. The first that differs; empty when
// none does. Throws SQLite::Exception.
std::string difference(store::Connection& db, const World& world, core::UnixMs now);
// Holds the report of all hours against the model; as above.
std::string report_differs(store::Readers& readers, const ReferenceModel& model);

}  // namespace coupon::test
