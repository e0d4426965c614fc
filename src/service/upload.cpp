#include "coupond/service/upload.h"

#include <algorithm>
#include <chrono>
#include <cstring>
#include <limits>
#include <span>
#include <thread>
#include <utility>

#include "coupond/core/assert.h"
#include "coupond/core/limits.h"
#include "coupond/service/codes.h"
#include "coupond/store/jobs.h"
#include "src/service/bulk.h"

namespace coupon::service {
namespace {

// Codes that a refusal names.
constexpr std::size_t kNamesMax = 20;
// Codes of one operation, and of one read.
constexpr auto kLot = static_cast<std::size_t>(limits::kCodesPerOperationMax);
// For a full queue to drain: ten seconds together.
constexpr std::chrono::milliseconds kBusyPause{20};
constexpr int kBusyPausesMax = 500;

std::string field_of(std::size_t i) { return "codes[" + std::to_string(i) + "]"; }

core::Error naming(store::Connection& db, std::span<const FreshCode> codes,
                   const std::vector<LeftOut>& duplicates) {
  std::string names;
  for (std::size_t i = 0; i < std::min(duplicates.size(), kNamesMax); ++i) {
    const LeftOut& left = duplicates[i];
    names +=
        (i == 0 ? "" : ", ") + codes[left.position].display + " (" + where_code_is(db, left) + ")";
  }
  if (duplicates.size() > kNamesMax) {
    names += " and " + std::to_string(duplicates.size() - kNamesMax) + " more";
  }
  return {.reason = Reason::kDuplicateCode,
          .message = "These codes cannot be stored: " + names,
          .number = static_cast<std::int64_t>(duplicates.size())};
}

// The codes from there on, so many at the most.
Result<std::vector<FreshCode>> seal_lot(const core::CodeVault& vault, const CodeList& codes,
                                        std::size_t from, std::size_t count = kLot) {
  const std::size_t to = std::min(codes.size(), from + count);
  core::Error error{.reason = Reason::kInvalidRequest, .message = {}};
  std::vector<FreshCode> lot;
  lot.reserve(to - from);
  for (std::size_t i = from; i < to; ++i) {
    auto code = seal_code(vault, codes.at(i));
    if (code) {
      lot.push_back(std::move(*code));
    } else if (error.fields.size() < kNamesMax) {
      error.fields.push_back({field_of(i), code.error().message});
    }
  }
  if (!error.fields.empty()) return error;
  return lot;
}

Result<Generated> store_lot(store::Tx& tx, const Caller& caller, core::CampaignId campaign_id,
                            std::span<const FreshCode> lot) {
  auto stored = store_new_codes(tx, caller, campaign_id, lot);
  if (!stored) return stored.error();
  std::erase_if(stored->left_out,
                [](const LeftOut& left) { return left.reason != Reason::kDuplicateCode; });
  if (!stored->left_out.empty()) return naming(tx.db(), lot, stored->left_out);
  if (stored->generated.count < static_cast<std::int64_t>(lot.size())) {
    return Reason::kCampaignCapReached;
  }
  return stored->generated;
}

// Which codes of a list come twice: eight bytes of each hash tell where to look more closely.
class Repeats {
 public:
  // kInvalidRequest names the first that are no codes.
  static Result<Repeats> of(const core::CodeVault& vault, const CodeList& codes) {
    core::Error error{.reason = Reason::kInvalidRequest, .message = {}};
    std::vector<std::uint64_t> all;
    all.reserve(codes.size());
    for (std::size_t i = 0; i < codes.size() && error.fields.size() < kNamesMax; ++i) {
      const auto canonical = core::canonical(codes.at(i));
      if (canonical) {
        all.push_back(first_bytes(vault.hash(*canonical)));
      } else {
        error.fields.push_back({field_of(i), canonical.error().message});
      }
    }
    if (!error.fields.empty()) return error;
    std::sort(all.begin(), all.end());
    Repeats repeats(codes);
    for (std::size_t i = 1; i < all.size(); ++i) {
      const bool is_new = repeats.hashes_.empty() || repeats.hashes_.back() != all[i];
      if (all[i] == all[i - 1] && is_new) repeats.hashes_.push_back(all[i]);
    }
    repeats.first_.assign(repeats.hashes_.size(), kNone);
    return repeats;
  }

  // Whether the same code was asked about before. Ask in order.
  bool came_before(const core::CodeVault::CodeHash& hash, std::uint32_t i) {
    const std::uint64_t bytes = first_bytes(hash);
    const auto found = std::lower_bound(hashes_.begin(), hashes_.end(), bytes);
    if (found == hashes_.end() || *found != bytes) return false;
    std::uint32_t& first = first_[static_cast<std::size_t>(found - hashes_.begin())];
    if (first == kNone) first = i;
    return first != i && *core::canonical(codes_->at(first)) == *core::canonical(codes_->at(i));
  }

 private:
  static constexpr auto kNone = std::numeric_limits<std::uint32_t>::max();

  explicit Repeats(const CodeList& codes) : codes_(&codes) {}
  static std::uint64_t first_bytes(const core::CodeVault::CodeHash& hash) {
    std::uint64_t bytes = 0;
    std::memcpy(&bytes, hash.data(), sizeof bytes);
    return bytes;
  }

  const CodeList* codes_;
  std::vector<std::uint64_t> hashes_;  // that come more than once, in order
  std::vector<std::uint32_t> first_;   // where each came first
};

// Refuses a lot of which some exist already or came before.
Result<Done> check_lot(Engine& engine, std::span<const FreshCode> lot, Repeats& repeats,
                       std::size_t from) {
  return engine.readers().read<Done>(
      [&](store::Connection& db) -> Result<Done> {
        std::vector<LeftOut> left_out;
        for (std::size_t i = 0; i < lot.size(); ++i) {
          const auto holder = holder_of(db, lot[i]);
          const auto place = static_cast<std::uint32_t>(from + i);
          if (!repeats.came_before(lot[i].hash, place) && !holder) continue;
          left_out.push_back({.position = i, .reason = Reason::kDuplicateCode, .holder = holder});
        }
        if (!left_out.empty()) return naming(db, lot, left_out);
        return Done{};
      },
      store::Readers::Use::kList);
}

// Waits while the writer's queue is full.
template <class T, class Body>
Result<T> write_patiently(Engine& engine, const char* name, const Body& body) {
  for (int pauses = 0;; ++pauses) {
    auto outcome = engine.writer().run<T>(name, body);
    const bool is_busy = !outcome && outcome.error().reason == Reason::kBusy;
    if (!is_busy || pauses == kBusyPausesMax) return outcome;
    std::this_thread::sleep_for(kBusyPause);
  }
}

// Stores what lies from `from` on. Gives how many that were.
Result<std::int64_t> store_slice(Engine& engine, const Job& job, const CodeList& codes,
                                 std::size_t from, SliceSize& size) {
  const auto lot = seal_lot(engine.vault(), codes, from, static_cast<std::size_t>(size.codes()));
  if (!lot) return lot.error();
  const auto stored = write_patiently<std::int64_t>(
      engine, "upload.slice", [&](store::Tx& tx) -> Result<std::int64_t> {
        size.begin(tx);
        auto row = store::find_job(tx.db(), job.id);
        if (!row || row->state != JobState::kReceiving) return Reason::kJobFinished;
        const auto made = store_lot(tx, Caller::job(job.id), job.campaign_id, *lot);
        if (!made) return made.error();
        note_lot(tx, job.id, *made);
        row->done += made->count;
        store::update_job(tx, *row);
        size.end(engine.writer());
        return made->count;
      });
  if (stored) size.adapt(*stored);
  return stored;
}

Result<Job> begin(Engine& engine, const Caller& caller, core::CampaignId campaign_id,
                  const CodeList& codes) {
  Job job{.kind = domain::JobKind::kImport,
          .campaign_id = campaign_id,
          .actor = caller.actor,
          .state = JobState::kReceiving,
          .total = static_cast<std::int64_t>(codes.size()),
          .message = "An upload: all codes or none"};
  return write_patiently<Job>(engine, "job.create", [&](store::Tx& tx) -> Result<Job> {
    job.id = store::insert_job(tx, job);
    return job;
  });
}

}  // namespace

void CodeList::add(std::string_view code) {
  COUPOND_ASSERT(text_.size() + code.size() <= std::numeric_limits<std::uint32_t>::max());
  text_ += code;
  ends_.push_back(static_cast<std::uint32_t>(text_.size()));
}

std::string_view CodeList::at(std::size_t i) const {
  const std::size_t begin = i == 0 ? 0 : ends_[i - 1];
  return std::string_view(text_).substr(begin, ends_[i] - begin);
}

Result<Uploaded> upload(store::Tx& tx, const Caller& caller, const core::CodeVault& vault,
                        core::CampaignId campaign_id, const CodeList& codes) {
  COUPOND_ASSERT(codes.size() <= kLot);
  if (!caller.is_admin()) return Reason::kForbidden;
  const auto lot = seal_lot(vault, codes, 0);
  if (!lot) return lot.error();
  const auto stored = store_lot(tx, caller, campaign_id, *lot);
  if (!stored) return stored.error();
  return Uploaded{.count = stored->count, .issued = tx.campaign(campaign_id)->counters.issued};
}

Result<Done> check_upload(Engine& engine, const Caller& caller, core::CampaignId campaign_id,
                          const CodeList& codes) {
  const auto campaign = campaign_for_codes(
      engine, caller, campaign_id, static_cast<std::int64_t>(codes.size()), limits::kJobCodesMax);
  if (!campaign) return campaign.error();
  auto repeats = Repeats::of(engine.vault(), codes);
  if (!repeats) return repeats.error();
  for (std::size_t from = 0; from < codes.size(); from += kLot) {
    const auto lot = seal_lot(engine.vault(), codes, from);
    if (!lot) return lot.error();
    if (auto checked = check_lot(engine, *lot, *repeats, from); !checked) return checked;
  }
  return Done{};
}

Result<Job> store_upload(Engine& engine, JobRunner& jobs, const Caller& caller,
                         core::CampaignId campaign_id, const CodeList& codes) {
  if (auto checked = check_upload(engine, caller, campaign_id, codes); !checked) {
    return checked.error();
  }
  const auto job = begin(engine, caller, campaign_id, codes);
  if (!job) return job.error();
  SliceSize size({.codes_max = limits::kCodesPerOperationMax});
  for (std::size_t from = 0; from < codes.size();) {
    const auto stored = store_slice(engine, *job, codes, from, size);
    if (!stored) {
      jobs.take_back(job->id, stored.error());
      return stored.error();
    }
    from += static_cast<std::size_t>(*stored);
  }
  return job;
}

Result<Uploaded> finish_upload(store::Tx& tx, std::int64_t id) {
  auto job = store::find_job(tx.db(), id);
  if (!job || job->state != JobState::kReceiving) return Reason::kJobFinished;
  COUPOND_ASSERT(job->done == job->total);
  job->state = JobState::kDone;
  store::update_job(tx, *job);
  return Uploaded{.count = job->total, .issued = tx.campaign(job->campaign_id)->counters.issued};
}

}  // namespace coupon::service
