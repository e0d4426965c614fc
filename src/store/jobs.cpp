#include "coupond/store/jobs.h"

#include "coupond/core/assert.h"
#include "src/store/row.h"

namespace coupon::store {
namespace {

#define COUPOND_JOB_COLUMNS                                                                \
  "SELECT id, kind, campaign_id, actor, state, total, done, refused, parameters, message," \
  " created_at, updated_at FROM jobs "

constexpr char kById[] = COUPOND_JOB_COLUMNS "WHERE id = ?";
constexpr char kList[] = COUPOND_JOB_COLUMNS "WHERE id < ? ORDER BY id DESC LIMIT ?";
// The first condition is the index's, so that finished jobs are never looked at.
constexpr char kNext[] = COUPOND_JOB_COLUMNS
    "WHERE state IN ('receiving', 'queued', 'running') AND state <> 'receiving' "
    "ORDER BY id LIMIT 1";
constexpr char kHalfReceived[] = COUPOND_JOB_COLUMNS
    "WHERE state IN ('receiving', 'queued', 'running') AND state = 'receiving' "
    "ORDER BY id LIMIT 1";
#undef COUPOND_JOB_COLUMNS

constexpr char kErrors[] =
    "SELECT line, reason FROM job_errors WHERE job_id = ? AND line > ? ORDER BY line LIMIT ?";
constexpr char kPart[] = "SELECT first_line, sealed FROM job_parts WHERE job_id = ? AND part = ?";

constexpr char kUselessParts[] = R"(
  SELECT coalesce(min(job_id), 0) FROM job_parts
   WHERE (SELECT state FROM jobs WHERE id = job_id) IN ('done', 'failed', 'cancelled'))";

constexpr char kNextId[] = "SELECT coalesce(max(id), 0) + 1 FROM jobs";
constexpr char kInsert[] = R"(
  INSERT INTO jobs (id, kind, campaign_id, actor, state, total, done, refused, parameters, message,
    created_at, updated_at)
  VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?11))";
constexpr char kUpdate[] = R"(
  UPDATE jobs SET state = ?2, total = ?3, done = ?4, refused = ?5, parameters = ?6, message = ?7,
    updated_at = ?8 WHERE id = ?1)";
constexpr char kInsertPart[] =
    "INSERT INTO job_parts (job_id, part, first_line, sealed) VALUES (?, ?, ?, ?)";
constexpr char kDeletePart[] = "DELETE FROM job_parts WHERE job_id = ? AND part = ?";
constexpr char kDeleteParts[] = R"(
  DELETE FROM job_parts WHERE job_id = ?1 AND part IN
    (SELECT part FROM job_parts WHERE job_id = ?1 LIMIT ?2))";
constexpr char kExtendLot[] =
    "UPDATE job_lots SET units = units + ?3 WHERE job_id = ?1 AND first_number + units = ?2";
constexpr char kInsertLot[] =
    "INSERT INTO job_lots (job_id, first_number, units) VALUES (?1, ?2, ?3)";
constexpr char kLots[] =
    "SELECT first_number, units FROM job_lots WHERE job_id = ? ORDER BY first_number";
constexpr char kInsertError[] = "INSERT INTO job_errors (job_id, line, reason) VALUES (?, ?, ?)";

domain::Job read_job(const Query& query) {
  return {.id = query.integer(0),
          .kind = domain::parse_job_kind(query.text(1)).value(),
          .campaign_id = {query.integer(2)},
          .actor = query.text(3),
          .state = domain::parse_job_state(query.text(4)).value(),
          .total = query.integer(5),
          .done = query.integer(6),
          .refused = query.integer(7),
          .parameters = query.text(8),
          .message = query.text(9),
          .created_at = query.time(10),
          .updated_at = query.time(11)};
}

template <class... Keys>
std::optional<domain::Job> find(Connection& connection, const char* sql, const Keys&... keys) {
  Query query(connection, sql, keys...);
  if (!query.next()) return std::nullopt;
  return read_job(query);
}

}  // namespace

std::optional<domain::Job> find_job(Connection& connection, std::int64_t id) {
  return find(connection, kById, id);
}

std::vector<domain::Job> list_jobs(Connection& connection, std::int64_t before,
                                   std::int64_t limit) {
  std::vector<domain::Job> jobs;
  Query query(connection, kList, before, limit);
  while (query.next()) jobs.push_back(read_job(query));
  return jobs;
}

std::optional<domain::Job> next_job(Connection& connection) { return find(connection, kNext); }

std::optional<domain::Job> half_received_job(Connection& connection) {
  return find(connection, kHalfReceived);
}

std::int64_t job_with_useless_parts(Connection& connection) {
  return read_integer(connection, kUselessParts);
}

std::vector<domain::JobError> list_job_errors(Connection& connection, std::int64_t job,
                                              std::int64_t after_line, std::int64_t limit) {
  std::vector<domain::JobError> errors;
  Query query(connection, kErrors, job, after_line, limit);
  while (query.next()) errors.push_back({.line = query.integer(0), .reason = query.text(1)});
  return errors;
}

std::optional<JobPart> find_job_part(Connection& connection, std::int64_t job, std::int64_t part) {
  Query query(connection, kPart, job, part);
  if (!query.next()) return std::nullopt;
  return JobPart{
      .job_id = job, .part = part, .first_line = query.integer(0), .sealed = query.blob(1)};
}

std::int64_t insert_job(Tx& tx, const domain::Job& job) {
  COUPOND_ASSERT(job.id == 0 && job.done == 0);
  const std::int64_t id = read_integer(tx.db(), kNextId);
  Query(tx.db(), kInsert, id, domain::name(job.kind), job.campaign_id, job.actor,
        domain::name(job.state), job.total, job.done, job.refused, job.parameters, job.message,
        tx.now())
      .run();
  return id;
}

void update_job(Tx& tx, const domain::Job& job) {
  COUPOND_ASSERT(job.id > 0);
  Query(tx.db(), kUpdate, job.id, domain::name(job.state), job.total, job.done, job.refused,
        job.parameters, job.message, tx.now())
      .run();
}

void add_job_lot(Tx& tx, std::int64_t job, const JobLot& lot) {
  if (Query(tx.db(), kExtendLot, job, lot.first_number, lot.units).run() > 0) return;
  Query(tx.db(), kInsertLot, job, lot.first_number, lot.units).run();
}

std::vector<JobLot> lots_of_job(Connection& connection, std::int64_t job) {
  std::vector<JobLot> lots;
  Query query(connection, kLots, job);
  while (query.next())
    lots.push_back({.first_number = query.integer(0), .units = query.integer(1)});
  return lots;
}

void insert_job_part(Tx& tx, const JobPart& part) {
  Query(tx.db(), kInsertPart, part.job_id, part.part, part.first_line, core::as_bytes(part.sealed))
      .run();
}

void delete_job_part(Tx& tx, std::int64_t job, std::int64_t part) {
  Query(tx.db(), kDeletePart, job, part).run();
}

std::int64_t delete_job_parts(Tx& tx, std::int64_t job, std::int64_t limit) {
  return Query(tx.db(), kDeleteParts, job, limit).run();
}

void insert_job_error(Tx& tx, std::int64_t job, const domain::JobError& error) {
  Query(tx.db(), kInsertError, job, error.line, error.reason).run();
}

}  // namespace coupon::store
