// Readers: a bounded pool of read-only connections. A read borrows one, sees one snapshot of the
// committed database, and gives it back; no writer waits for it. Safe on any thread.
//
// A snapshot keeps the write-ahead log from shrinking, so a body must be short: it loads values and
// returns. It must not wait for anything, run a write, or read() again (that could wait for
// itself).
#pragma once

#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "coupond/core/result.h"
#include "coupond/store/connection.h"

namespace coupon::store {

class Readers {
 public:
  struct Options {
    std::size_t connections = 8;  // at most; opened when first needed
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
  core::Result<T> read(Body&& body) {
    std::optional<core::Result<T>> outcome;
    const auto problem = run([&](Connection& connection) { outcome.emplace(body(connection)); });
    if (problem) return *problem;
    return std::move(*outcome);
  }

 private:
  class Loan;

  std::optional<core::Error> run(const std::function<void(Connection&)>& body);
  std::unique_ptr<Connection> borrow();  // null: none came free
  void give_back(std::unique_ptr<Connection> connection);

  const std::string path_;
  const Options options_;
  std::mutex mutex_;  // guards idle_, opened_
  std::condition_variable freed_;
  std::vector<std::unique_ptr<Connection>> idle_;
  std::size_t opened_ = 0;
};

}  // namespace coupon::store
