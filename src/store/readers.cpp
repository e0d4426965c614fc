#include "coupond/store/readers.h"

#include <SQLiteCpp/Exception.h>
#include <sqlite3.h>

#include <algorithm>

#include "coupond/core/assert.h"
#include "src/store/snapshot.h"

namespace coupon::store {
namespace {

core::Error error_of(const SQLite::Exception& error) {
  switch (error.getErrorCode()) {
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
    case SQLITE_NOMEM:
      return {.reason = core::Reason::kBusy, .message = {}};
    default:
      return {.reason = core::Reason::kInternal, .message = {}};
  }
}

}  // namespace

// A borrowed connection, given back at the end of its scope.
class Readers::Loan {
 public:
  Loan(Readers& readers, Use use)
      : readers_(readers), use_(use), connection_(readers.borrow(use)) {}
  ~Loan() {
    if (connection_) readers_.give_back(std::move(connection_), use_);
  }
  Loan(const Loan&) = delete;
  Loan& operator=(const Loan&) = delete;

  Connection* get() { return connection_.get(); }

 private:
  Readers& readers_;
  const Use use_;
  std::unique_ptr<Connection> connection_;
};

Readers::Readers(std::string path, Options options)
    : path_(std::move(path)), options_(std::move(options)) {}

std::optional<core::Error> Readers::run(const std::function<void(Connection&)>& body, Use use) {
  try {
    Loan loan(*this, use);
    if (loan.get() == nullptr) return core::Error{.reason = core::Reason::kBusy, .message = {}};
    const Snapshot snapshot(*loan.get());
    body(*loan.get());
    return std::nullopt;
  } catch (const SQLite::Exception& error) {
    options_.notice(std::string("a read failed: ") + error.what());
    return error_of(error);
  }
}

bool Readers::may_borrow(Use use) const {
  if (idle_.empty() && opened_ == options_.connections) return false;
  return use == Use::kLookUp || lists_ < std::max<std::size_t>(1, options_.connections / 2);
}

std::unique_ptr<Connection> Readers::borrow(Use use) {
  core::MutexLock lock(mutex_);
  if (!may_borrow(use)) {
    const bool is_list = use == Use::kList;
    if (is_list && lists_waiting_ >= options_.lists_waiting) return nullptr;
    if (is_list) ++lists_waiting_;
    const auto late = core::deadline_in(options_.wait);
    while (!may_borrow(use) && freed_.wait_until(lock, late)) continue;
    if (is_list) --lists_waiting_;
    if (!may_borrow(use)) return nullptr;
  }
  if (use == Use::kList) ++lists_;
  if (!idle_.empty()) {
    // The one given back last: its pages are the likeliest to be in the cache.
    auto connection = std::move(idle_.back());
    idle_.pop_back();
    return connection;
  }
  ++opened_;
  COUPOND_ASSERT(opened_ <= options_.connections);
  lock.unlock();
  try {
    return std::make_unique<Connection>(path_, Connection::Access::kReadOnly, options_.vfs);
  } catch (...) {
    lock.lock();
    --opened_;
    if (use == Use::kList) --lists_;
    freed_.notify_all();
    throw;
  }
}

void Readers::give_back(std::unique_ptr<Connection> connection, Use use) {
  {
    const core::MutexLock lock(mutex_);
    COUPOND_ASSERT(connection != nullptr && idle_.size() < opened_);
    idle_.push_back(std::move(connection));
    if (use == Use::kList) --lists_;
  }
  // Whoever is woken may not be one who may have it.
  freed_.notify_all();
}

}  // namespace coupon::store
