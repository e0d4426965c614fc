// A whole service::Engine for tests: a data directory of its own, a clock that moves when told to,
// real randomness, and passwords that cost next to nothing. Use from any thread, as the engine.
#pragma once

#include <memory>
#include <string>

#include "coupond/service/accounts.h"
#include "coupond/service/engine.h"
#include "tests/support/engine_fixture.h"
#include "tests/support/temp_dir.h"

namespace coupon::test {

// The cheapest Argon2id there is; nobody is refused for want of a place in the queue.
inline core::PasswordHasher::Params cheap_passwords() {
  return {.ops = 1, .mem_bytes = 8192, .max_parallel = 2, .max_waiting = 10'000};
}

class LiveEngine {
 public:
  LiveEngine() { open(); }

  service::Engine& operator*() { return *engine_; }
  service::Engine* operator->() { return engine_.get(); }
  FakeClock& clock() { return clock_; }
  const TempDir& directory() const { return directory_; }

  // Ends the engine and starts one on what is in the directory.
  void restart(core::PasswordHasher::Params passwords = cheap_passwords()) {
    engine_.reset();
    open(passwords);
  }

  // Runs `body(Tx&)`, which returns Result<T>, on the writer.
  template <class T, class Body>
  core::Result<T> run(Body&& body) {
    return engine_->writer().run<T>("test", std::forward<Body>(body));
  }

  // An account whose password is kPassword. Throws when it is refused.
  static constexpr const char* kPassword = "correct horse 1";
  domain::User make_user(const std::string& email, domain::Role role = domain::Role::kUser) {
    const auto hash = service::hash_new_password(*engine_, kPassword);
    const auto made = run<service::UserChange>([&](store::Tx& tx) {
      return service::create_user(tx, *engine_, service::Caller::cli(),
                                  {.email = email, .password_hash = *hash, .role = role});
    });
    if (!made.ok()) throw std::runtime_error(email + " was refused: " + made.error().message);
    return made->user;
  }

  std::int64_t number(const char* sql) {
    const auto found = engine_->readers().read<std::int64_t>(
        [&](store::Connection& db) -> core::Result<std::int64_t> {
          store::Query query(db, sql);
          query.next();
          return query.integer(0);
        });
    return found.value();
  }

 private:
  void open(core::PasswordHasher::Params passwords = cheap_passwords()) {
    auto opened = service::Engine::open({.data_dir = directory_.path() + "/data",
                                         .passwords = passwords,
                                         .clock = clock_.as_clock()});
    if (!opened.ok()) throw std::runtime_error(opened.error().message);
    engine_ = *std::move(opened);
  }

  TempDir directory_;
  FakeClock clock_;
  std::unique_ptr<service::Engine> engine_;
};

}  // namespace coupon::test
