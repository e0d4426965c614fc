#include "coupond/service/upkeep.h"

#include <stdexcept>
#include <utility>

namespace coupon::service {
namespace {

using core::Reason;

// Thrown out of the work, which knows nothing of servers that stop.
struct Stopped : std::runtime_error {
  Stopped() : std::runtime_error("the server stops") {}
};

}  // namespace

// Whoever has it may work; nobody else until it is gone.
class Upkeep::Turn {
 public:
  Turn(Upkeep& upkeep, const char* work) : upkeep_(&upkeep) {
    const char* idle = nullptr;
    taken_ = upkeep.work_.compare_exchange_strong(idle, work);
    if (!taken_) return;
    upkeep.done_ = 0;
    upkeep.total_ = 0;
  }
  Turn(Turn&& other) noexcept
      : upkeep_(other.upkeep_), taken_(std::exchange(other.taken_, false)) {}
  Turn& operator=(Turn&&) = delete;
  ~Turn() {
    if (taken_) upkeep_->work_ = nullptr;
  }
  std::optional<core::Error> refused() const {
    if (taken_) return std::nullopt;
    return core::Error{.reason = Reason::kBusy,
                       .message = "A backup or a verification is under way. Wait for its end."};
  }

 private:
  Upkeep* upkeep_;
  bool taken_;
};

store::ProgressFunction Upkeep::shown() {
  return [this](std::int64_t done, std::int64_t total) {
    if (stopping_) throw Stopped();
    done_ = done;
    total_ = total;
  };
}

core::Result<std::shared_ptr<store::BackupDownload>> Upkeep::back_up(bool with_key) {
  Turn turn(*this, "backup");
  if (auto error = turn.refused()) return *std::move(error);
  try {
    auto made = store::BackupDownload::make(
        engine_.paths(), {.with_key = with_key, .copying = shown(), .checking = shown()});
    if (!made.ok()) return made.error();
    // The turn ends with the download.
    struct InTurn {
      store::BackupDownload download;
      Turn turn;
    };
    auto held = std::make_shared<InTurn>(InTurn{*std::move(made), std::move(turn)});
    return std::shared_ptr<store::BackupDownload>(held, &held->download);
  } catch (const Stopped&) {
    return Reason::kShuttingDown;
  }
}

core::Result<store::AuditReport> Upkeep::verify() {
  const Turn turn(*this, "verify");
  if (auto error = turn.refused()) return *std::move(error);
  try {
    auto report = store::verify_file(engine_.paths().database, engine_.secrets(), shown());
    if (!report.ok()) return report.error();
    store::note_verify(engine_.paths(), {.at = engine_.clock()(),
                                         .entries = report->entries,
                                         .divergence = report->first_divergence.value_or("")});
    return report;
  } catch (const Stopped&) {
    return Reason::kShuttingDown;
  }
}

Upkeep::Progress Upkeep::progress() const {
  const char* work = work_;
  return {.work = work == nullptr ? "" : work, .done = done_, .total = total_};
}

}  // namespace coupon::service
