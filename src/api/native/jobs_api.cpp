// /api/v1/jobs: follow and cancel work that goes on in the background.

#include <limits>

#include "coupond/service/reads.h"
#include "src/api/gate/cursor.h"
#include "src/api/native/fields.h"
#include "src/api/native/job_shapes.h"
#include "src/api/native/native.h"
#include "src/api/words.h"

namespace coupon::api {
namespace {

struct JobName {
  std::int64_t id = 0;
  static http::Object<JobName> shape() {
    return {"JobName", "Which job.", {integer("id", &JobName::id, "Its id.", {.min = 1})}};
  }
};

struct JobErrorsQuery {
  std::int64_t id = 0;
  PageQuery page = {};
  static http::Object<JobErrorsQuery> shape() {
    using Q = JobErrorsQuery;
    return {"JobErrorsQuery",
            "Which job, and which page.",
            {
                integer("id", &Q::id, "The job's id.", {.min = 1}),
                http::include(&Q::page),
            }};
  }
};

struct JobErrorReply {
  std::int64_t line = 0;
  std::string reason = {};
  static http::Object<JobErrorReply> shape() {
    return {"JobError",
            "A line of an import that was not stored, or a code that was not changed.",
            {
                integer("line", &JobErrorReply::line,
                        "Of the file, from 1; of a change, the code's number."),
                text("reason", &JobErrorReply::reason, "Why.").example("duplicate_code"),
            }};
  }
};

// A job that waits cannot say so in its row: what it waits for is that the row can be written.
JobReply with_trouble(const service::JobRunner& jobs, const domain::Job& job) {
  JobReply reply = job_reply(job);
  if (reply.message.empty() && domain::is_unfinished(job.state)) {
    reply.message = jobs.trouble(job.id);
  }
  return reply;
}

Result<JobReply> read_one_job(Call& call, const service::JobRunner& jobs, const JobName& in) {
  return call.read([&](store::Connection& db) -> Result<JobReply> {
    const auto job = service::find_job(db, call.caller, in.id);
    if (!job.ok()) return job.error();
    return with_trouble(jobs, *job);
  });
}

Result<Page<JobReply>> list_jobs(Call& call, const service::JobRunner& jobs, const PageQuery& in) {
  const auto before = id_of_cursor(in.cursor, std::numeric_limits<std::int64_t>::max());
  if (!before.ok()) return before.error();
  return call.read_list([&](store::Connection& db) -> Result<Page<JobReply>> {
    Page<JobReply> page;
    for (const domain::Job& job : service::list_jobs(db, *before, in.limit + 1)) {
      if (static_cast<std::int64_t>(page.items.size()) == in.limit) {
        page.next_cursor = cursor_after(page.items.back().id);
        break;
      }
      page.items.push_back(with_trouble(jobs, job));
    }
    return page;
  });
}

Result<Page<JobErrorReply>> errors(Call& call, const JobErrorsQuery& in) {
  const auto after = id_of_cursor(in.page.cursor);
  if (!after.ok()) return after.error();
  return call.read_list([&](store::Connection& db) -> Result<Page<JobErrorReply>> {
    const auto job = service::find_job(db, call.caller, in.id);
    if (!job.ok()) return job.error();
    Page<JobErrorReply> page;
    for (const auto& error : service::list_job_errors(db, in.id, *after, in.page.limit + 1)) {
      if (static_cast<std::int64_t>(page.items.size()) == in.page.limit) {
        page.next_cursor = cursor_after(page.items.back().line);
        break;
      }
      page.items.push_back({.line = error.line, .reason = error.reason});
    }
    return page;
  });
}

Result<JobReply> cancel(Call& call, const JobName& in) {
  return call.write(
      "job.cancel", [&](store::Tx& tx) { return service::cancel_job(tx, call.caller, in.id); },
      [](const domain::Job& job) { return job_reply(job); });
}

}  // namespace

http::Object<JobReply> JobReply::shape() {
  using R = JobReply;
  return {"Job",
          "Work that goes on in the background.",
          {
              integer("id", &R::id, "Its id."),
              text("kind", &R::kind, "generate, import or change"),
              integer("campaign_id", &R::campaign_id, "For which campaign."),
              text("state", &R::state, "receiving, queued, running, done, failed or cancelled"),
              integer("total", &R::total, "Codes to make or to look at, or lines to store."),
              integer("done", &R::done, "Of these."),
              integer("errors", &R::errors, "Lines not stored, or codes not changed."),
              text("message", &R::message, "What went wrong, if anything.", {.max = 1024}),
              timestamp("created_at", &R::created_at, "When it was asked for."),
              timestamp("updated_at", &R::updated_at, "When it last went forward."),
          }};
}

JobReply job_reply(const domain::Job& job) {
  return {.id = job.id,
          .kind = std::string(domain::name(job.kind)),
          .campaign_id = job.campaign_id,
          .state = std::string(domain::name(job.state)),
          .total = job.total,
          .done = job.done,
          .errors = job.refused,
          .message = job.message,
          .created_at = job.created_at,
          .updated_at = job.updated_at};
}

http::Object<JobQueued> JobQueued::shape() {
  return {"JobQueued",
          "It goes on in the background; follow it at /api/v1/jobs/{id}.",
          {http::object("job", &JobQueued::job, "The job.")}};
}

Result<http::Reply> queue(Call& call, service::JobRunner& jobs, const domain::Job& planned) {
  auto reply = call.write(
      "job.queue", [&](store::Tx& tx) { return service::queue_job(tx, planned); },
      [](const domain::Job& job) {
        return http::json_reply(202, http::to_json(JobQueued{job_reply(job)}));
      });
  jobs.wake();
  return reply;
}

void add_job_endpoints(Endpoints& v1, service::JobRunner& jobs) {
  v1.add({.route = "GET /api/v1/jobs",
          .id = "listJobs",
          .summary = "List jobs, newest first",
          .auth = Auth::kStaff,
          .scope = "read",
          .refusals = {{400, Reason::kInvalidCursor}}},
         [&jobs](Call& call, const PageQuery& in) { return list_jobs(call, jobs, in); });
  v1.add({.route = "GET /api/v1/jobs/{id}",
          .id = "getJob",
          .summary = "How far a job is",
          .auth = Auth::kStaff,
          .scope = "read",
          .refusals = {{404, Reason::kUnknownJob}}},
         [&jobs](Call& call, const JobName& in) { return read_one_job(call, jobs, in); });
  v1.add({.route = "GET /api/v1/jobs/{id}/errors",
          .id = "listJobErrors",
          .summary = "The lines an import did not store",
          .auth = Auth::kStaff,
          .scope = "read",
          .refusals = {{404, Reason::kUnknownJob}, {400, Reason::kInvalidCursor}}},
         errors);
  v1.add({.route = "DELETE /api/v1/jobs/{id}",
          .id = "cancelJob",
          .summary = "Cancel a job",
          .doc = "What it has stored by then stays.",
          .auth = Auth::kAdmin,
          .scope = "admin",
          .refusals = {{404, Reason::kUnknownJob}, {409, Reason::kJobFinished}}},
         [&jobs](Call& call, const JobName& in) {
           auto cancelled = cancel(call, in);
           jobs.wake();  // it forgets the lines of a cancelled import
           return cancelled;
         });
}

}  // namespace coupon::api
