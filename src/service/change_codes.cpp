#include "coupond/service/change_codes.h"

#include <algorithm>
#include <array>
#include <utility>

#include "coupond/core/flat_json.h"
#include "coupond/service/campaigns.h"
#include "coupond/service/coupons.h"
#include "coupond/service/jobs.h"
#include "coupond/store/campaigns.h"
#include "coupond/store/coupons.h"
#include "coupond/store/jobs.h"

namespace coupon::service {
namespace {

using core::Done;
using core::Reason;
using core::Result;
using domain::Job;
using store::JobLot;

constexpr std::array<std::pair<ChangeAction, std::string_view>, 4> kActions{
    {{ChangeAction::kVoid, "void"},
     {ChangeAction::kRestore, "restore"},
     {ChangeAction::kFree, "free"},
     {ChangeAction::kTerms, "terms"}}};

// Codes looked at in one read: a snapshot must be short.
constexpr std::int64_t kPage = 2000;

core::Error bad(const char* field, std::string message) {
  return {.reason = Reason::kInvalidRequest,
          .message = {},
          .fields = {{.field = field, .message = std::move(message)}}};
}

bool is_of(const std::vector<JobLot>& lots, std::int64_t number) {
  auto after =
      std::upper_bound(lots.begin(), lots.end(), number,
                       [](std::int64_t n, const JobLot& lot) { return n < lot.first_number; });
  if (after == lots.begin()) return false;
  const JobLot& lot = *--after;
  return number < lot.first_number + lot.units;
}

bool matches(const ChangeRequest& request, const std::vector<JobLot>& lots,
             const domain::Coupon& coupon) {
  const CodeFilter& filter = request.filter;
  // What cannot be changed any more is passed over, unless it was asked for.
  const bool ended = domain::is_ended(coupon);
  const bool wanted = request.action == ChangeAction::kRestore
                          ? coupon.state == domain::CouponState::kVoid
                          : !ended || request.action == ChangeAction::kFree;
  if (!filter.state && !wanted) return false;
  if (coupon.state == domain::CouponState::kFreed) return false;
  return (!filter.state || coupon.state == *filter.state) &&
         (!filter.job || is_of(lots, coupon.number)) &&
         (!filter.expires_before ||
          (coupon.expires_at && *coupon.expires_at < *filter.expires_before));
}

bool is_for_all(const CodeFilter& filter) {
  return !filter.state && !filter.job && filter.first_number == 1 && !filter.last_number &&
         !filter.expires_before;
}

Result<std::vector<JobLot>> lots_of(Engine& engine, std::optional<std::int64_t> job) {
  if (!job) return std::vector<JobLot>{};
  return engine.readers().read<std::vector<JobLot>>(
      [&](store::Connection& db) -> Result<std::vector<JobLot>> {
        if (!store::find_job(db, *job)) return Reason::kUnknownJob;
        return store::lots_of_job(db, *job);
      });
}

Result<std::int64_t> count_matches(Engine& engine, const ChangeRequest& request,
                                   const std::vector<JobLot>& lots, std::int64_t last) {
  std::int64_t count = 0;
  for (std::int64_t at = request.filter.first_number - 1; at < last;) {
    const auto page = engine.readers().read<std::vector<domain::Coupon>>(
        [&](store::Connection& db) -> Result<std::vector<domain::Coupon>> {
          return store::list_coupons(db, request.campaign_id, at, std::min(kPage, last - at))
              .coupons;
        },
        store::Readers::Use::kList);
    if (!page) return page.error();
    if (page->empty()) break;
    at = page->back().number;
    count += std::count_if(page->begin(), page->end(), [&](const domain::Coupon& coupon) {
      return matches(request, lots, coupon);
    });
  }
  return count;
}

// Inside a slice: one code.
std::optional<core::Error> change_one(store::Tx& tx, const Caller& caller,
                                      const ChangeRequest& request, const domain::Coupon& coupon) {
  const auto error_of = [](const auto& done) -> std::optional<core::Error> {
    if (done.ok()) return std::nullopt;
    return done.error();
  };
  switch (request.action) {
    case ChangeAction::kVoid:
      return error_of(void_coupon(tx, caller, coupon.code_hash, request.why));
    case ChangeAction::kRestore:
      return error_of(restore_coupon(tx, caller, coupon.id, request.why));
    case ChangeAction::kFree:
      return error_of(free_coupon(tx, caller, coupon.id, request.why));
    case ChangeAction::kTerms:
      return error_of(change_terms(tx, caller, coupon.id, request.terms, request.why));
  }
  return std::nullopt;
}

std::string reason_of(const core::Error& error) {
  std::string reason(core::name(error.reason));
  if (!error.message.empty()) reason.append(": ").append(error.message);
  return reason;
}

// Codes made from now on have the uses that all get.
std::optional<core::Error> change_policy(store::Tx& tx, const Caller& caller,
                                         const ChangeRequest& request) {
  const auto changed = change_campaign(
      tx, caller, request.campaign_id,
      [&](domain::Campaign& c) { c.policy.max_redemptions_per_coupon = *request.terms.max_uses; },
      Codes::kStay);
  if (changed) return std::nullopt;
  return changed.error();
}

std::optional<core::Error> check(const domain::Campaign& campaign, const ChangeRequest& request) {
  const bool says_terms = request.terms.max_uses || request.terms.expires_at;
  if (campaign.archived_at) return core::Error{.reason = Reason::kArchived, .message = {}};
  if (request.action == ChangeAction::kTerms && !says_terms) {
    return bad("action", "terms changes max_uses or expires_at: say one of them");
  }
  if (request.action != ChangeAction::kTerms && says_terms) {
    return bad("action", "must be terms where max_uses or expires_at is said");
  }
  if (request.terms.max_uses && campaign.policy.value) {
    return bad("max_uses", "must be left out: codes with a balance are used until it is spent");
  }
  const auto& last = request.filter.last_number;
  if (last && *last < request.filter.first_number) {
    return bad("last_number", "must not be below first_number");
  }
  return std::nullopt;
}

}  // namespace

std::string_view name(ChangeAction action) {
  return kActions[static_cast<std::size_t>(action)].second;
}

std::optional<ChangeAction> parse_change_action(std::string_view text) {
  for (const auto& [action, word] : kActions) {
    if (word == text) return action;
  }
  return std::nullopt;
}

std::string ChangeRequest::to_text() const {
  core::FlatJsonWriter json;
  json.add("action", name(action)).add("first", filter.first_number);
  if (filter.last_number) json.add("last", *filter.last_number);
  if (filter.state) json.add("state", domain::name(*filter.state));
  if (filter.job) json.add("job", *filter.job);
  if (filter.expires_before) json.add("before", filter.expires_before->value);
  // 0 is no limit, and no end.
  if (terms.max_uses) json.add("uses", terms.max_uses->value_or(0));
  if (terms.expires_at) json.add("end", terms.expires_at->value_or(core::UnixMs{0}).value);
  if (why) json.add("why", *why);
  return json.finish();
}

std::optional<ChangeRequest> ChangeRequest::parse(core::CampaignId campaign,
                                                  std::string_view text) {
  const auto json = core::FlatJson::parse(text);
  const auto action = json ? json->text("action") : std::nullopt;
  if (!action || !parse_change_action(*action)) return std::nullopt;
  ChangeRequest request{.campaign_id = campaign, .action = *parse_change_action(*action)};
  request.filter = {.job = json->number("job"),
                    .first_number = json->number("first").value_or(1),
                    .last_number = json->number("last")};
  if (const auto state = json->text("state")) {
    request.filter.state = domain::parse_coupon_state(*state);
  }
  if (const auto before = json->number("before")) {
    request.filter.expires_before = core::UnixMs{*before};
  }
  if (const auto uses = json->number("uses")) {
    request.terms.max_uses.emplace();
    if (*uses > 0) *request.terms.max_uses = *uses;
  }
  if (const auto end = json->number("end")) {
    request.terms.expires_at.emplace();
    if (*end > 0) *request.terms.expires_at = core::UnixMs{*end};
  }
  request.why = json->text("why");
  return request;
}

Result<Job> plan_change(Engine& engine, const Caller& caller, const ChangeRequest& request) {
  if (!caller.is_admin()) return Reason::kForbidden;
  const auto campaign = engine.readers().read<domain::Campaign>(
      [&](store::Connection& db) -> Result<domain::Campaign> {
        auto found = store::find_campaign(db, request.campaign_id);
        if (!found) return Reason::kUnknownCampaign;
        return std::move(*found);
      });
  if (!campaign) return campaign.error();
  if (auto error = check(*campaign, request)) return *error;
  const auto lots = lots_of(engine, request.filter.job);
  if (!lots) return lots.error();
  const std::int64_t issued = campaign->counters.issued;
  const std::int64_t last = std::min(request.filter.last_number.value_or(issued), issued);
  const auto count = count_matches(engine, request, *lots, last);
  if (!count) return count.error();
  if (*count == 0) {
    return core::Error{.reason = Reason::kInvalidRequest, .message = "No code matches"};
  }
  ChangeRequest kept = request;
  // The campaign's new uses are for codes made in the meantime, too.
  if (!is_for_all(request.filter) || !request.terms.max_uses) kept.filter.last_number = last;
  return Job{.kind = domain::JobKind::kChange,
             .campaign_id = request.campaign_id,
             .actor = caller.actor,
             .total = last - request.filter.first_number + 1,
             .parameters = kept.to_text(),
             .message = std::to_string(*count) + (*count == 1 ? " code" : " codes") +
                        " to change (" + std::string(name(request.action)) + ")"};
}

Result<Job> plan_undo(Engine& engine, const Caller& caller, std::int64_t id) {
  if (!caller.is_admin()) return Reason::kForbidden;
  const auto job = engine.readers().read<Job>([&](store::Connection& db) -> Result<Job> {
    auto found = store::find_job(db, id);
    if (!found) return Reason::kUnknownJob;
    return std::move(*found);
  });
  if (!job) return job.error();
  if (domain::is_unfinished(job->state)) return Reason::kJobRunning;
  const auto lots = lots_of(engine, id);
  if (!lots) return lots.error();
  if (lots->empty()) {
    return core::Error{.reason = Reason::kInvalidRequest,
                       .message = "Job " + std::to_string(id) + " made no codes"};
  }
  const JobLot& last = lots->back();
  return plan_change(engine, caller,
                     {.campaign_id = job->campaign_id,
                      .action = ChangeAction::kFree,
                      .filter = {.job = id,
                                 .first_number = lots->front().first_number,
                                 .last_number = last.first_number + last.units - 1},
                      .why = "undo of job " + std::to_string(id)});
}

Result<Done> begin_taking_back(store::Tx& tx, std::int64_t upload, const std::string& why) {
  auto job = store::find_job(tx.db(), upload);
  if (!job || (!domain::is_unfinished(job->state) && job->state != domain::JobState::kCancelled)) {
    return Reason::kJobFinished;
  }
  const auto lots = store::lots_of_job(tx.db(), upload);
  if (domain::is_unfinished(job->state)) {
    job->state = domain::JobState::kFailed;
    job->message = why;
    if (!lots.empty()) job->message += ". What was stored is taken back";
    store::update_job(tx, *job);
  }
  if (lots.empty()) return Done{};
  const std::int64_t first = lots.front().first_number;
  const std::int64_t last = lots.back().first_number + lots.back().units - 1;
  const std::string name = "job " + std::to_string(upload);
  const ChangeRequest request{.campaign_id = job->campaign_id,
                              .action = ChangeAction::kFree,
                              .filter = {.state = domain::CouponState::kAvailable,
                                         .job = upload,
                                         .first_number = first,
                                         .last_number = last},
                              .why = name + " did not end"};
  store::insert_job(tx,
                    {.kind = domain::JobKind::kChange,
                     .campaign_id = job->campaign_id,
                     .actor = job->actor,
                     .total = last - first + 1,
                     .parameters = request.to_text(),
                     .message = "Takes back " + std::to_string(job->done) + " codes of " + name});
  return Done{};
}

Result<Done> JobRunner::run_change(Job job) {
  const auto request = ChangeRequest::parse(job.campaign_id, job.parameters);
  if (!request) return Reason::kInternal;
  const auto lots = lots_of(engine_, request->filter.job);
  if (!lots) return lots.error();
  const bool sets_policy = request->terms.max_uses && is_for_all(request->filter);
  while (job.done < job.total) {
    const std::int64_t count = std::min(slice_codes_, job.total - job.done);
    const auto stored = slice(job.id, count, [&](store::Tx& tx, Job& row) -> Result<Done> {
      const Caller caller = Caller::job(row.id);
      if (row.done == 0 && sets_policy) {
        if (auto error = change_policy(tx, caller, *request)) return *error;
        // Those made since it was planned; later ones have the new uses already.
        row.total = tx.campaign(row.campaign_id)->counters.issued;
      }
      const std::int64_t before = request->filter.first_number - 1 + row.done;
      const auto page = store::list_coupons(tx.db(), row.campaign_id, before, count).coupons;
      for (const domain::Coupon& coupon : page) {
        if (!matches(*request, *lots, coupon)) continue;
        const auto error = change_one(tx, caller, *request, coupon);
        if (!error) continue;
        store::insert_job_error(tx, row.id, {.line = coupon.number, .reason = reason_of(*error)});
        ++row.refused;
      }
      row.done += count;
      return Done{};
    });
    if (!stored) return stored.error();
    job = *stored;
  }
  return Done{};
}

}  // namespace coupon::service
