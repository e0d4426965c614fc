// Readers: a bounded pool of read-only connections. A read borrows one, sees one snapshot of the
// committed database, and gives it back; no writer waits for it. Safe on any thread.
//
// A snapshot keeps the write-ahead log from shrinking, so a body must be short: it loads values and
// returns. It must not wait for anything, run a write, or read() again (that could wait for
// itself).
#pragma once

#include <chrono>
#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "coupond/core/mutex.h"
#include "coupond/core/result.h"
#include "coupond/store/connection.h"

namespace coupon::store {

class Readers {
 public:
  // A list may take long, and anybody may ask for many at once: lists share half of the
  // connections, so that what redeeming has to look up never waits for them.
  enum class Use { kLookUp, kList };

  struct Options {
    std::size_t connections = 8;  // at most; opened when first needed
    // Lists that may wait for a connection, each on a thread of the caller's; more are told kBusy
    // at once.
    std::size_t lists_waiting = 16;
    // How long a read waits for a connection before it is told kBusy.
    std::chrono::milliseconds wait{2000};
    const char* vfs = nullptr;  // tests put a faulty one here
    // A read failed in the database; called on the reading thread.
    std::function<void(const std::string& what)> notice = [](const std::string&) {};
  };

  // `path` must be a prepared database (see database.h).
  Readers(std::string path, Options options);
  explicit Readers(std::string path) : Readers(std::move(path), Options{}) {}
  Readers(const Readers&) = delete;
  Readers& operator=(const Readers&) = delete;
  // All reads must have returned.
  ~Readers() = default;

  // What `body(Connection&)`, which returns Result<T>, gives. kBusy when no connection came free or
  // the database was locked for too long, kInternal when it could not be read; otherwise the body's
  // own value or error.
  template <class T, class Body>
  core::Result<T> read(Body&& body, Use use = Use::kLookUp) {
    std::optional<core::Result<T>> outcome;
    const auto problem =
        run([&](Connection& connection) { outcome.emplace(body(connection)); }, use);
    if (problem) return *problem;
    return std::move(*outcome);
  }

 private:
  class Loan;

  std::optional<core::Error> run(const std::function<void(Connection&)>& body, Use use);
  // Null: none came free.
  std::unique_ptr<Connection> borrow(Use use);
  bool may_borrow(Use use) const COUPOND_REQUIRES(mutex_);
  void give_back(std::unique_ptr<Connection> connection, Use use);

  const std::string path_;
  const Options options_;
  core::Mutex mutex_;
  core::ConditionVariable freed_;
  std::vector<std::unique_ptr<Connection>> idle_ COUPOND_GUARDED_BY(mutex_);
  std::size_t opened_ COUPOND_GUARDED_BY(mutex_) = 0;
  std::size_t lists_ COUPOND_GUARDED_BY(mutex_) = 0;  // connections that lists have
  std::size_t lists_waiting_ COUPOND_GUARDED_BY(mutex_) = 0;
};

}  // namespace coupon::store
