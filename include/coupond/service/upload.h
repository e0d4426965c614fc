// Codes that somebody chose, stored all or none. Up to limits::kCodesPerOperationMax are stored by
// one operation. More would keep other writes waiting: they are looked at first and then stored in
// slices, under a job that is `receiving` until the last one is in. Should it not come so far (the
// server is killed, the disk is full, somebody stores one of the codes meanwhile), another job
// gives free again what was stored, but for codes that have an owner or were used by then.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "coupond/core/codes.h"
#include "coupond/core/result.h"
#include "coupond/service/caller.h"
#include "coupond/service/engine.h"
#include "coupond/service/jobs.h"
#include "coupond/store/tx.h"

namespace coupon::service {

// Codes in order, millions of them if need be: four bytes more than they have.
class CodeList {
 public:
  void add(std::string_view code);
  std::size_t size() const { return ends_.size(); }
  std::string_view at(std::size_t i) const;

 private:
  std::string text_;                 // one after the other
  std::vector<std::uint32_t> ends_;  // of each, in `text_`
};

struct Uploaded {
  std::int64_t count = 0;
  std::int64_t issued = 0;  // coupons of the campaign then
};

// Inside one operation, for up to limits::kCodesPerOperationMax codes. Callers need the scope
// admin. Refuses kDuplicateCode with a sentence that names those that exist already or come twice
// (the first twenty of them), and where; kInvalidRequest names those that are no codes;
// kCampaignCapReached, kUnknownCampaign, kWrongMode, kArchived.
core::Result<Uploaded> upload(store::Tx& tx, const Caller& caller, const core::CodeVault& vault,
                              core::CampaignId campaign_id, const CodeList& codes);

// ---- More than that, on any thread ----

// Refuses what upload() would, before anything is stored. It reads about 3 µs a code.
core::Result<core::Done> check_upload(Engine& engine, const Caller& caller,
                                      core::CampaignId campaign_id, const CodeList& codes);

// The same, and stores them. Gives the job, to be finished by the operation that answers. What came
// in between refuses as upload() would, or with kJobFinished when the job was cancelled; then, and
// when that operation is refused, what was stored is taken back (JobRunner::take_back()).
core::Result<domain::Job> store_upload(Engine& engine, JobRunner& jobs, const Caller& caller,
                                       core::CampaignId campaign_id, const CodeList& codes);

// Inside one operation: all are in. kJobFinished when the job was cancelled.
core::Result<Uploaded> finish_upload(store::Tx& tx, std::int64_t job);

}  // namespace coupon::service
