// Jobs: bulk work too long for one request. Somebody entitled to it plans and queues one; the
// JobRunner does it in slices in the background; its progress is a row to be read.
//
// A slice is one operation: it stores its codes and raises `done` together, and does nothing when
// the job has been cancelled. So a job that was cut off at any moment goes on at the next start
// with no code lost or doubled, and a cancelled one keeps what it had stored.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include "coupond/core/mutex.h"
#include "coupond/core/result.h"
#include "coupond/domain/job.h"
#include "coupond/service/caller.h"
#include "coupond/service/engine.h"
#include "coupond/service/generate.h"
#include "coupond/service/slice_size.h"
#include "coupond/store/tx.h"

namespace coupon::service {

// ---- Starting one: any thread for the first step, one write operation for the second ----

// Checks everything that can be checked before, with the refusals of CodeLot::make(), for up to
// limits::kJobCodesMax codes. The job is ready to be queued.
core::Result<domain::Job> plan_generation(Engine& engine, const Caller& caller,
                                          const GenerateRequest& request);

enum class ImportFormat {
  kCsv,        // rows separated by comma, semicolon, tab or bar, with or without a header; or one
               // code a line. service/export.h's files are such. A text that begins with a JSON
               // object is read as kJsonLines
  kJsonLines,  // one object a line with a text `code`
};

// How to read an import. What is not said is found out, or refused where it would be guessed.
struct ImportOptions {
  ImportFormat format = ImportFormat::kCsv;
  std::optional<std::string> column = {};  // of the codes: its name, or its number from 1
  std::optional<bool> header = {};         // whether the first row is one
  std::vector<std::string> ignore = {};    // columns to leave out although they change a code
  bool confirm = false;                    // codes of one or two characters are right
};

// How the text of an import is read. kInvalidRequest where that would have to be guessed, with what
// to say.
struct ImportShape {
  std::string utf8 = {};        // the text, whatever it was encoded in
  bool is_json = false;         // lines of JSON; what follows is of a table
  bool has_header = false;      // the first row but for lines of comment
  std::int64_t comments = 0;    // before the first code
  std::size_t code_column = 0;  // from 0
  char separator = ',';
  std::string sentence = {};  // all that for a person
};
core::Result<ImportShape> shape_of_import(std::string_view text, const ImportOptions& options);

// Stores the lines of an import, sealed, in several small operations, as a job that only has to be
// queued. Bad lines do not refuse it: the job tells of each. kForbidden, kUnknownCampaign,
// kWrongMode, kArchived, kInvalidRequest when there is no line, one of the limits is passed
// (limits::kImportBodyMaxBytes, kImportLinesMax), or how to read it would have to be guessed.
core::Result<domain::Job> receive_import(Engine& engine, const Caller& caller,
                                         core::CampaignId campaign_id, std::string_view text,
                                         const ImportOptions& options);

// Inside one operation: lets the runner have it. Gives the job as stored. Call JobRunner::wake()
// afterwards.
core::Result<domain::Job> queue_job(store::Tx& tx, domain::Job job);

// ---- Following one ----

// kForbidden without the read scope, kUnknownJob.
core::Result<domain::Job> find_job(store::Connection& connection, const Caller& caller,
                                   std::int64_t id);

// Inside one operation: no further slice runs; what is stored stays. kForbidden without the admin
// scope, kUnknownJob, kJobFinished.
core::Result<domain::Job> cancel_job(store::Tx& tx, const Caller& caller, std::int64_t id);

// ---- Doing them ----

// One thread that does queued jobs, one at a time, oldest first, from construction on: unfinished
// ones of an earlier run go on, imports that were not received in full are failed.
class JobRunner {
 public:
  struct Options {
    // See SliceSize::Limits.
    std::int64_t quiet_slice_us = 8'000;
    std::int64_t busy_slice_us = 3'000;
    std::int64_t slice_codes_max = 8192;
    // Codes made ahead and sorted, so that neighbours in the index are stored together.
    std::int64_t lot_codes = 131'072;
    // Something went wrong that a person should know. Called on the runner's thread.
    std::function<void(const std::string& what)> notice = [](const std::string&) {};
    // A slice was committed. Called on the runner's thread.
    std::function<void(const domain::Job& job, std::int64_t held_us)> slice = [](const domain::Job&,
                                                                                 std::int64_t) {};
  };

  explicit JobRunner(Engine& engine) : JobRunner(engine, Options{}) {}
  // `engine` must outlive the runner. Construct it before imports can be received.
  JobRunner(Engine& engine, Options options);
  JobRunner(const JobRunner&) = delete;
  JobRunner& operator=(const JobRunner&) = delete;
  ~JobRunner();  // stop()

  // There may be a new job. Any thread.
  void wake();
  // Fails an upload that was stored in part, and queues the job that gives its codes free again.
  // Any thread; done on the runner's, at the next start at the latest.
  void take_back(std::int64_t upload, const core::Error& why);
  // Why job `id` does not go forward just now: a full disk, a file that cannot be read; "" when it
  // does, or is another's turn. For its row, which cannot be written then. Any thread.
  std::string trouble(std::int64_t id) const;
  // Ends after the current slice and joins the thread. May be called more than once, from the
  // thread that owns the runner.
  void stop();

 private:
  // What a slice does to the job's codes and row; run again when the writer was too busy.
  using SliceBody = std::function<core::Result<core::Done>(store::Tx&, domain::Job&)>;

  void work();
  void run_all();
  void run(const domain::Job& job);
  // The kinds. Done when there is nothing left to do; an error otherwise.
  core::Result<core::Done> run_generation(domain::Job job);
  core::Result<core::Done> run_import(domain::Job job);
  core::Result<core::Done> run_change(domain::Job job);

  core::Result<domain::Job> slice(std::int64_t job, std::int64_t codes, const SliceBody& body);
  template <class T, class Body>
  core::Result<T> write(const char* name, const Body& body);
  void fail(std::int64_t job, const std::string& message);
  void note_trouble(std::int64_t job, const std::string& why);
  void fail_half_received();
  void take_back_now(std::int64_t upload, const std::string& why);
  void take_back_all();
  void forget_parts();
  bool pause_unless_stopping(std::int64_t ms);

  Engine& engine_;
  const Options options_;
  SliceSize slice_size_;  // by the runner's thread only
  std::atomic<bool> stopping_ = false;
  std::int64_t current_ = 0;   // the job under way; by the runner's thread only
  mutable core::Mutex mutex_;  // stopping_ is set under it, for the waits
  core::ConditionVariable changed_;
  std::int64_t troubled_ COUPOND_GUARDED_BY(mutex_) = 0;
  std::string trouble_ COUPOND_GUARDED_BY(mutex_);
  std::vector<std::pair<std::int64_t, std::string>> failed_uploads_ COUPOND_GUARDED_BY(mutex_);
  bool woken_ COUPOND_GUARDED_BY(mutex_) = true;
  std::thread thread_;
};

}  // namespace coupon::service
