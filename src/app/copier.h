// Copier: keeps a copy of the shop in another directory (store/copy_target.h), on threads of its
// own. Given to the writer as its ChangeSink before the engine is opened; must outlive it.
//
// By default the copy follows within a second: the writer only puts its records into memory here.
// When the directory is gone, slow or full, selling goes on, the state says so, and what the copy
// lacks comes to it with the next base. With `sync` the writer waits until each batch is durable in
// the directory, before it commits: then nothing is executed that the copy lacks.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "coupond/app/app.h"
#include "coupond/core/log.h"
#include "coupond/core/mutex.h"
#include "coupond/service/engine.h"
#include "coupond/service/readiness.h"
#include "coupond/store/change_record.h"
#include "coupond/store/copy_target.h"

namespace coupon::app {

// For a start without a copy: refused when the answers of this shop waited for one, unless that is
// to be forgotten. A restore forgets it too.
core::Result<core::Done> no_copy(const service::Engine& engine, const CopySettings& settings);

class Copier : public store::ChangeSink {
 public:
  Copier(CopySettings options, core::Log& log) : options_(std::move(options)), log_(log) {}
  Copier(const Copier&) = delete;
  Copier& operator=(const Copier&) = delete;
  ~Copier() override { stop(); }

  // Once, when the engine is open. Refused with a sentence that says what to do: another shop's
  // directory, one from after a restore, and with `sync` one that cannot be written.
  core::Result<core::Done> start(service::Engine& engine);
  // Writes what is there to be written, once the engine has stopped. May be called again.
  void stop();

  // On the writer's thread.
  Stored append(const store::ChangeRecord& record) override;
  void committed() override;
  bool take_back() override;

  // Any thread.
  service::Check check() const;
  struct Figures {
    bool healthy = false;
    std::int64_t position = 0;   // the last change that is durable in the copy
    std::int64_t behind_ms = 0;  // how long the oldest change waits that is not
  };
  Figures figures() const;
  std::string banner() const;

 private:
  core::Result<core::Done> open_target(service::Engine& engine);
  void work();
  void write_queue();
  void make_base_if_due();
  core::Result<core::Done> make_base();
  core::Result<core::Done> start_sync(service::Engine& engine);
  void note_written(const store::ChangeRecord& last);
  void note_trouble(const std::string& trouble);

  const CopySettings options_;
  core::Log& log_;

  core::Mutex target_mutex_;  // guards the target's append() and what goes with it
  std::unique_ptr<store::CopyTarget> target_;
  bool shares_disk_ = false;

  mutable core::Mutex mutex_;
  core::ConditionVariable woken_;
  std::vector<store::ChangeRecord> queue_ COUPOND_GUARDED_BY(mutex_);
  std::size_t queue_bytes_ COUPOND_GUARDED_BY(mutex_) = 0;
  std::int64_t waiting_since_ms_ COUPOND_GUARDED_BY(mutex_) = 0;  // steady; 0: nothing waits
  std::int64_t position_ COUPOND_GUARDED_BY(mutex_) = 0;
  std::string trouble_ COUPOND_GUARDED_BY(mutex_);       // with writing; empty: none
  std::string base_trouble_ COUPOND_GUARDED_BY(mutex_);  // with the last base
  bool whole_ COUPOND_GUARDED_BY(mutex_) = false;        // what is there leads to position_
  bool base_under_way_ COUPOND_GUARDED_BY(mutex_) = false;
  std::int64_t next_base_ms_ COUPOND_GUARDED_BY(mutex_) = 0;  // not before
  bool stopping_ COUPOND_GUARDED_BY(mutex_) = false;

  std::optional<store::ChangeRecord> pending_;  // by the writer's thread
  std::atomic<bool> syncs_ = false;             // since start()
  std::thread base_;
  std::thread thread_;
};

}  // namespace coupon::app
