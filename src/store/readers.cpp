#include "coupond/store/readers.h"

#include <SQLiteCpp/Exception.h>
#include <sqlite3.h>

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
  explicit Loan(Readers& readers) : readers_(readers), connection_(readers.borrow()) {}
  ~Loan() {
    if (connection_) readers_.give_back(std::move(connection_));
  }
  Loan(const Loan&) = delete;
  Loan& operator=(const Loan&) = delete;

  Connection* get() { return connection_.get(); }

 private:
  Readers& readers_;
  std::unique_ptr<Connection> connection_;
};

Readers::Readers(std::string path, Options options)
    : path_(std::move(path)), options_(std::move(options)) {}

std::optional<core::Error> Readers::run(const std::function<void(Connection&)>& body) {
  try {
    Loan loan(*this);
    if (loan.get() == nullptr) return core::Error{.reason = core::Reason::kBusy, .message = {}};
    const Snapshot snapshot(*loan.get());
    body(*loan.get());
    return std::nullopt;
  } catch (const SQLite::Exception& error) {
    options_.notice(std::string("a read failed: ") + error.what());
    return error_of(error);
  }
}

std::unique_ptr<Connection> Readers::borrow() {
  std::unique_lock lock(mutex_);
  const auto free = [&] { return !idle_.empty() || opened_ < options_.connections; };
  if (!freed_.wait_for(lock, options_.wait, free)) return nullptr;
  if (!idle_.empty()) {
    // The one given back last: its pages are the likeliest to be in the cache.
    auto connection = std::move(idle_.back());
    idle_.pop_back();
    return connection;
  }
  ++opened_;
  lock.unlock();
  try {
    return std::make_unique<Connection>(path_, Connection::Access::kReadOnly, options_.vfs);
  } catch (...) {
    lock.lock();
    --opened_;
    freed_.notify_one();
    throw;
  }
}

void Readers::give_back(std::unique_ptr<Connection> connection) {
  {
    const std::lock_guard lock(mutex_);
    idle_.push_back(std::move(connection));
  }
  freed_.notify_one();
}

}  // namespace coupon::store
