// What an owner does now and then to a server that goes on serving: a backup to take away, and a
// verification of everything. Both take a while and a thread, so one of them is done at a time.
// Safe on any thread.
#pragma once

#include <atomic>
#include <memory>
#include <optional>
#include <string>

#include "coupond/service/engine.h"
#include "coupond/store/audit.h"
#include "coupond/store/backup_download.h"
#include "coupond/store/upkeep_notes.h"

namespace coupon::service {

class Upkeep {
 public:
  // Both must outlive this. `stopping`: what is under way ends at once, refused.
  Upkeep(Engine& engine, const std::atomic<bool>& stopping)
      : engine_(engine), stopping_(stopping) {}
  Upkeep(const Upkeep&) = delete;
  Upkeep& operator=(const Upkeep&) = delete;

  // The whole database as of now, verified. It counts as under way until the result is gone. kBusy
  // while something is under way; kShuttingDown.
  core::Result<std::shared_ptr<store::BackupDownload>> back_up(bool with_key);
  // Everything derived from the ledger and compared, as `coupond verify` does. As above.
  core::Result<store::AuditReport> verify();

  struct Progress {
    std::string work;  // "", "backup" or "verify"
    std::int64_t done = 0, total = 0;
  };
  Progress progress() const;

 private:
  class Turn;
  store::ProgressFunction shown();

  Engine& engine_;
  const std::atomic<bool>& stopping_;
  std::atomic<const char*> work_ = nullptr;  // what is under way
  std::atomic<std::int64_t> done_ = 0, total_ = 0;
};

}  // namespace coupon::service
