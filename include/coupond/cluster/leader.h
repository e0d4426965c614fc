// Leader: a member's time at the head of its cluster. Given to the writer as its ChangeSink: each
// batch lies in the shared log before it is committed, and what a batch without changes found is
// told only after the term was confirmed. On a thread of its own it renews the lease each second,
// reports and trims.
//
// Deposed, it is so for good: nothing is executed any more, and the process has to leave.
#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <string>
#include <thread>

#include "coupond/cluster/shared_log.h"
#include "coupond/core/bytes.h"
#include "coupond/core/mutex.h"
#include "coupond/store/change_record.h"

namespace coupon::cluster {

// Up to where the log may be trimmed: what two members have durably, but neither what is kept for
// those who come late nor the last change, which says where the log ends.
std::int64_t trim_limit(const std::map<std::string, std::int64_t>& members, std::int64_t kept_from,
                        std::int64_t last);

class Leader : public store::ChangeSink {
 public:
  struct Options {
    Candidate self;  // its position is where the log ends
    Term term;
    core::Block<32> key;            // seals the entries
    std::size_t keep_bytes = 0;     // of the log, for those who come late
    std::int64_t heard_at_ms = 0;   // of boot_ms(), before the term began
    std::int64_t settle_ms = 8000;  // how long an answer of etcd is tried for
    // Trouble with etcd, or "" when it answers again. Any thread.
    std::function<void(const std::string&)> notice = [](const std::string&) {};
  };
  struct Figures {
    std::int64_t term = 0;
    std::int64_t position = 0;
    std::int64_t heard_ms = 0;                        // since the lease was last renewed
    std::map<std::string, std::int64_t> behind = {};  // of the other members, in changes
    std::string trouble = {};
  };

  // `writes` is used on the writer's thread, `beats` on the leader's own.
  Leader(SharedLog writes, SharedLog beats, Options options);
  Leader(const Leader&) = delete;
  Leader& operator=(const Leader&) = delete;
  ~Leader() override { stop(); }

  // Each change goes to `copy`, too, which never has to be waited for. Before the first change.
  void copy_to(store::ChangeSink* copy) { copy_ = copy; }
  // Gives the lead back, when the writer has stopped. May be called again.
  void stop();
  // Called once when deposed, at once if that was before, with the reason; on any thread.
  void on_end(std::function<void(const std::string&)> ended);

  // On the writer's thread.
  Stored append(const store::ChangeRecord& record) override;
  void committed() override;
  bool take_back() override;
  Stored confirm() override;
  core::Error refusal() const override { return refusal_; }

  // Any thread. Whether what is read here may be told: the lease was renewed within three seconds.
  bool may_answer() const;
  bool ended() const { return ended_.load(); }
  Figures figures() const;

  // Milliseconds of a clock that nobody sets and that goes on while the machine sleeps.
  static std::int64_t boot_ms();

 private:
  template <class Ask>
  Stored settle(const Ask& ask);
  Stored refuse(core::Error error);
  void end(const std::string& why);
  void keep(std::int64_t position, std::size_t bytes);
  void work();
  void beat();
  bool renew();
  bool report();
  void trim(const Members& members);
  enum Who { kWriter, kBeats };
  void note_trouble(Who who, const std::string& trouble);

  const Options options_;
  store::ChangeSink* copy_ = nullptr;
  SharedLog writes_;  // by the writer's thread
  SharedLog beats_;   // by the leader's thread, with `term_`
  Term term_;
  std::int64_t next_lease_ = 0;
  std::int64_t reported_ = 0;
  int beats_done_ = 0;

  core::Error refusal_;            // by the writer's thread
  std::string writer_trouble_;     // likewise
  std::int64_t pending_ = 0;       // likewise
  std::size_t pending_bytes_ = 0;  // likewise
  std::atomic<std::int64_t> position_;
  std::atomic<std::int64_t> heard_at_ms_;
  std::atomic<bool> ended_ = false;

  struct Piece {
    std::int64_t last;
    std::size_t bytes;
  };
  mutable core::Mutex mutex_;
  core::ConditionVariable woken_;
  std::deque<Piece> kept_ COUPOND_GUARDED_BY(mutex_);
  std::size_t kept_bytes_ COUPOND_GUARDED_BY(mutex_) = 0;
  std::int64_t kept_from_ COUPOND_GUARDED_BY(mutex_) = 0;  // 0: all of the log
  std::map<std::string, std::int64_t> members_ COUPOND_GUARDED_BY(mutex_);
  std::array<std::string, 2> trouble_ COUPOND_GUARDED_BY(mutex_);
  std::string why_ended_ COUPOND_GUARDED_BY(mutex_);
  std::function<void(const std::string&)> on_end_ COUPOND_GUARDED_BY(mutex_);
  bool stopping_ COUPOND_GUARDED_BY(mutex_) = false;

  std::thread thread_;
};

}  // namespace coupon::cluster
