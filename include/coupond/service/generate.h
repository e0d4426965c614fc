// Codes at once: as many as fit one reply. More than that, and files, are jobs (service/jobs.h).
// Any thread; callers need the admin scope.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "coupond/core/result.h"
#include "coupond/service/caller.h"
#include "coupond/service/codes.h"
#include "coupond/service/engine.h"
#include "coupond/store/tx.h"

namespace coupon::service {

class CodeSource;

struct GenerateRequest {
  core::CampaignId campaign_id;
  std::int64_t count = 0;                   // at least 1
  std::optional<std::string> pattern = {};  // absent: the campaign's own
  // What each has on it, in minor units; absent: the campaign's value. kNoBalance where it has
  // none.
  std::optional<std::int64_t> value = {};
};

// Codes made and sealed on the caller's thread, to be stored by one operation.
class CodeLot {
 public:
  // Makes up to limits::kCodesPerOperationMax codes that do not exist yet. Everything that can be
  // refused is refused here, before anything is stored: kForbidden, kInvalidRequest for a count out
  // of range, kUnknownCampaign, kWrongMode, kArchived, kCampaignCapReached, kInvalidPattern, and
  // kPatternExhausted when the pattern's space has not that many codes left, counting all that
  // exist in it. Bounded: it looks at each code of a small space once at the most.
  static core::Result<CodeLot> make(Engine& engine, const Caller& caller,
                                    const GenerateRequest& request);
  CodeLot(CodeLot&&) noexcept;
  CodeLot& operator=(CodeLot&&) = delete;
  ~CodeLot();

  // Inside one operation: stores them. A code that came to exist in the meantime is replaced by
  // another, within a bound; kBusy beyond it. Call it once.
  core::Result<Generated> store(store::Tx& tx, const Caller& caller);

  // In the order of their numbers.
  const std::vector<FreshCode>& codes() const { return codes_; }

 private:
  CodeLot(core::CampaignId campaign_id, std::unique_ptr<CodeSource> source);

  core::Result<core::Done> fill(Engine& engine, std::size_t count);
  core::Result<core::Done> replace_known(store::Tx& tx);

  core::CampaignId campaign_id_;
  std::optional<std::int64_t> value_;
  std::unique_ptr<CodeSource> source_;
  std::vector<FreshCode> codes_;
};

// What was stored, as displayed.
struct MadeCodes {
  Generated generated;
  std::vector<std::string> codes;  // in the order of their numbers
};

// Up to limits::kGenerateAtOnceMax codes, in operations small enough to let others in between. The
// first refuses what CodeLot::make() does, for the whole count. Should a later one be refused (the
// last places of the campaign were taken meanwhile), the message says how many were stored.
core::Result<MadeCodes> generate(Engine& engine, const Caller& caller,
                                 const GenerateRequest& request);

}  // namespace coupon::service
