#include "coupond/service/change_codes.h"

#include <algorithm>
#include <array>
#include <utility>

#include "coupond/core/count_text.h"
#include "coupond/core/flat_json.h"
#include "coupond/service/campaigns.h"
#include "coupond/service/coupons.h"
#include "coupond/service/jobs.h"
#include "coupond/store/campaigns.h"
#include "coupond/store/coupons.h"
#include "coupond/store/jobs.h"
#include "src/service/bulk.h"

namespace coupon::service {
namespace {

constexpr std::array<std::pair<ChangeAction, std::string_view>, 4> kActions{
    {{ChangeAction::kVoid, "void"},
     {ChangeAction::kRestore, "restore"},
     {ChangeAction::kFree, "free"},
     {ChangeAction::kTerms, "terms"}}};

core::Error bad(const char* field, std::string message) {
  return {.reason = Reason::kInvalidRequest,
          .message = {},
          .fields = {{.field = field, .message = std::move(message)}}};
}

bool matches(const ChangeRequest& request, const CodeSelection& selection,
             const domain::Coupon& coupon) {
  // What cannot be changed any more is passed over, unless it was asked for.
  const bool ended = domain::is_ended(coupon);
  const bool wanted = request.action == ChangeAction::kRestore
                          ? coupon.state == domain::CouponState::kVoid
                          : !ended || request.action == ChangeAction::kFree;
  if (!request.filter.state && !wanted) return false;
  return coupon.state != domain::CouponState::kFreed && selection.has(coupon);
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
  if (filter.tail) json.add("tail", *filter.tail);
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
                    .last_number = json->number("last"),
                    .tail = json->number("tail")};
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
  const auto selection = CodeSelection::find(engine, request.campaign_id, request.filter);
  if (!selection) return selection.error();
  const std::int64_t issued = campaign->counters.issued;
  const std::int64_t last = std::min(request.filter.last_number.value_or(issued), issued);
  const auto count =
      count_codes(engine, request.campaign_id, request.filter,
                  [&](const domain::Coupon& one) { return matches(request, *selection, one); });
  if (!count) return count.error();
  if (*count == 0) {
    return core::Error{.reason = Reason::kInvalidRequest, .message = "No code matches"};
  }
  ChangeRequest kept = request;
  // The campaign's new uses are for codes made in the meantime, too.
  if (!request.filter.is_for_all() || !request.terms.max_uses) kept.filter.last_number = last;
  return Job{.kind = domain::JobKind::kChange,
             .campaign_id = request.campaign_id,
             .actor = caller.actor,
             .total = last - request.filter.first_number + 1,
             .parameters = kept.to_text(),
             .message = core::count_text(*count, "code") + " to change (" +
                        std::string(name(request.action)) + ")"};
}

Result<Job> plan_undo(Engine& engine, const Caller& caller, std::int64_t id) {
  if (!caller.is_admin()) return Reason::kForbidden;
  std::vector<store::JobLot> lots;
  const auto job = engine.readers().read<Job>([&](store::Connection& db) -> Result<Job> {
    auto found = store::find_job(db, id);
    if (!found) return Reason::kUnknownJob;
    lots = store::lots_of_job(db, id);
    return std::move(*found);
  });
  if (!job) return job.error();
  if (domain::is_unfinished(job->state)) return Reason::kJobRunning;
  if (lots.empty()) {
    return core::Error{.reason = Reason::kInvalidRequest,
                       .message = "Job " + std::to_string(id) + " made no codes"};
  }
  const store::JobLot& last = lots.back();
  return plan_change(engine, caller,
                     {.campaign_id = job->campaign_id,
                      .action = ChangeAction::kFree,
                      .filter = {.job = id,
                                 .first_number = lots.front().first_number,
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
  store::insert_job(
      tx, {.kind = domain::JobKind::kChange,
           .campaign_id = job->campaign_id,
           .actor = job->actor,
           .total = last - first + 1,
           .parameters = request.to_text(),
           .message = "Takes back " + core::count_text(job->done, "code") + " of " + name});
  return Done{};
}

Result<Done> JobRunner::run_change(Job job) {
  const auto request = ChangeRequest::parse(job.campaign_id, job.parameters);
  if (!request) return Reason::kInternal;
  const auto selection = CodeSelection::find(engine_, job.campaign_id, request->filter);
  if (!selection) return selection.error();
  const bool sets_policy = request->terms.max_uses && request->filter.is_for_all();
  while (job.done < job.total) {
    const std::int64_t count = std::min(slice_size_.codes(), job.total - job.done);
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
        if (!matches(*request, *selection, coupon)) continue;
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
