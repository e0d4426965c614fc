// Jobs, their parts and their errors in the database. Reads work on any connection; what writes
// takes a Tx.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "coupond/domain/job.h"
#include "coupond/store/connection.h"
#include "coupond/store/tx.h"

namespace coupon::store {

std::optional<domain::Job> find_job(Connection& connection, std::int64_t id);
// Newest first, ids below `before`.
std::vector<domain::Job> list_jobs(Connection& connection, std::int64_t before, std::int64_t limit);
// The oldest job that is queued or running.
std::optional<domain::Job> next_job(Connection& connection);
// The oldest job whose import was never received in full.
std::optional<domain::Job> half_received_job(Connection& connection);
// A job that has ended although there are still parts of it; 0 when there is none.
std::int64_t job_with_useless_parts(Connection& connection);
// In order of line, after `after_line`.
std::vector<domain::JobError> list_job_errors(Connection& connection, std::int64_t job,
                                              std::int64_t after_line, std::int64_t limit);

// A run of lines of an import, sealed.
struct JobPart {
  std::int64_t job_id = 0;
  std::int64_t part = 0;        // 0, 1, 2 …
  std::int64_t first_line = 0;  // of the file
  std::string sealed = {};
};
std::optional<JobPart> find_job_part(Connection& connection, std::int64_t job, std::int64_t part);

// Stores a new job (its id is ignored) and returns its id. Times are the operation's.
std::int64_t insert_job(Tx& tx, const domain::Job& job);
// Stores state, total, done, refused, parameters and message of an existing one.
void update_job(Tx& tx, const domain::Job& job);
// Coupons that a job made, by their numbers in its campaign.
struct JobLot {
  std::int64_t first_number = 0;
  std::int64_t units = 0;
};
void add_job_lot(Tx& tx, std::int64_t job, const JobLot& lot);
// In order of number.
std::vector<JobLot> lots_of_job(Connection& connection, std::int64_t job);

void insert_job_part(Tx& tx, const JobPart& part);
void delete_job_part(Tx& tx, std::int64_t job, std::int64_t part);
// Forgets up to `limit` parts of a job; returns how many.
std::int64_t delete_job_parts(Tx& tx, std::int64_t job, std::int64_t limit);
void insert_job_error(Tx& tx, std::int64_t job, const domain::JobError& error);

}  // namespace coupon::store
