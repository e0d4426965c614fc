#include "coupond/service/generate.h"

#include <algorithm>
#include <iterator>
#include <set>
#include <string>
#include <utility>

#include "coupond/core/count_text.h"
#include "coupond/core/limits.h"
#include "coupond/store/coupons.h"
#include "src/service/bulk.h"

namespace coupon::service {
namespace {

using core::Reason;
namespace limits = core::limits;

// Codes tried on the writer's thread to replace those taken meanwhile: about 20 ms at the most.
constexpr std::int64_t kReplacementsMax = 10'000;

CodeSource::Walk fresh_walk(const core::Random& random) {
  CodeSource::Walk walk;
  random(walk.key);
  return walk;
}

core::Error after_storing(core::Error error, std::size_t stored) {
  if (stored == 0) return error;
  if (error.message.empty()) error.message = core::sentence(error.reason);
  error.message +=
      " (stored before: " + core::count_text(static_cast<std::int64_t>(stored), "code") + ")";
  return error;
}

}  // namespace

CodeLot::CodeLot(core::CampaignId campaign_id, std::unique_ptr<CodeSource> source)
    : campaign_id_(campaign_id), source_(std::move(source)) {}
CodeLot::CodeLot(CodeLot&&) noexcept = default;
CodeLot::~CodeLot() = default;

core::Result<CodeLot> CodeLot::make(Engine& engine, const Caller& caller,
                                    const GenerateRequest& request) {
  const auto campaign = campaign_for_codes(engine, caller, request.campaign_id, request.count,
                                           limits::kCodesPerOperationMax);
  if (!campaign) return campaign.error();
  auto source = CodeSource::open(engine.vault(), engine.random(),
                                 request.pattern ? request.pattern : campaign->policy.code_pattern,
                                 fresh_walk(engine.random()));
  if (!source) return source.error();
  if (request.value && !campaign->policy.value) return Reason::kNoBalance;
  CodeLot lot(request.campaign_id, std::make_unique<CodeSource>(std::move(*source)));
  lot.value_ = request.value;
  if (auto filled = lot.fill(engine, static_cast<std::size_t>(request.count)); !filled) {
    return filled.error();
  }
  return lot;
}

core::Result<core::Done> CodeLot::fill(Engine& engine, std::size_t count) {
  while (codes_.size() < count) {
    std::vector<FreshCode> more;
    while (codes_.size() + more.size() < count) {
      auto code = source_->next();
      if (!code) break;
      more.push_back(std::move(*code));
    }
    if (more.empty()) return pattern_exhausted();
    if (source_->may_collide()) {
      auto unknown = unknown_of(engine, std::move(more));
      if (!unknown) return unknown.error();
      more = std::move(*unknown);
    }
    std::move(more.begin(), more.end(), std::back_inserter(codes_));
  }
  return core::Done{};
}

core::Result<Generated> CodeLot::store(store::Tx& tx, const Caller& caller) {
  if (source_->may_collide()) {
    if (auto replaced = replace_known(tx); !replaced) return replaced.error();
  }
  for (FreshCode& code : codes_) code.value = value_;
  return store_codes(tx, caller, campaign_id_, codes_);
}

core::Result<core::Done> CodeLot::replace_known(store::Tx& tx) {
  std::set<core::CodeVault::CodeHash> taken;
  std::int64_t tries = 0;
  for (FreshCode& code : codes_) {
    while (holder_of(tx.db(), code) || !taken.insert(code.hash).second) {
      if (++tries > kReplacementsMax) return Reason::kBusy;
      auto other = source_->next();
      if (!other) return pattern_exhausted();
      code = std::move(*other);
    }
  }
  return core::Done{};
}

core::Result<MadeCodes> generate(Engine& engine, const Caller& caller,
                                 const GenerateRequest& request) {
  const auto campaign = campaign_for_codes(engine, caller, request.campaign_id, request.count,
                                           limits::kGenerateAtOnceMax);
  if (!campaign) return campaign.error();
  auto whole = CodeSource::open(engine.vault(), engine.random(),
                                request.pattern ? request.pattern : campaign->policy.code_pattern,
                                fresh_walk(engine.random()));
  if (!whole) return whole.error();
  if (auto room = check_room(engine, std::move(*whole), request.count); !room) return room.error();

  MadeCodes made;
  for (std::int64_t left = request.count; left > 0;) {
    const std::int64_t count = std::min(left, limits::kCodesPerOperationMax);
    auto lot =
        CodeLot::make(engine, caller, {request.campaign_id, count, request.pattern, request.value});
    if (!lot) return after_storing(lot.error(), made.codes.size());
    const auto stored = engine.writer().run<Generated>(
        "codes.generate", [&](store::Tx& tx) { return lot->store(tx, caller); });
    if (!stored) return after_storing(stored.error(), made.codes.size());
    if (made.codes.empty()) made.generated.first_number = stored->first_number;
    made.generated.count += stored->count;
    made.generated.seq = stored->seq;
    for (const FreshCode& code : lot->codes()) made.codes.push_back(code.display);
    left -= count;
  }
  return made;
}

}  // namespace coupon::service
