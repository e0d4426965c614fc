#include "tests/support/copied_shop.h"

#include <chrono>
#include <thread>

#include "coupond/core/ids.h"
#include "coupond/store/users.h"

namespace coupon::test {
namespace {

// Long: a loaded machine is slow, and nothing is measured here.
constexpr int kTries = 6000;
constexpr std::chrono::milliseconds kBetweenTries{10};

template <class Condition>
bool wait_until(Condition&& condition, int tries = kTries) {
  for (int i = 0; i < tries; ++i) {
    if (condition()) return true;
    std::this_thread::sleep_for(kBetweenTries);
  }
  return false;
}

}  // namespace

std::string CopiedShop::begin(bool with_copy, const app::CopySettings& settings) {
  if (with_copy) copier_ = std::make_unique<app::Copier>(settings, log_);
  service::Engine::Options options{.data_dir = data_, .clock = clock_.as_clock()};
  options.writer.changes = copier_.get();
  options.accept_loss = settings.accept_loss;
  auto opened = service::Engine::open(std::move(options));
  if (!opened.ok()) {
    copier_.reset();
    return opened.error().message;
  }
  engine_ = *std::move(opened);
  const auto started = with_copy ? copier_->start(*engine_) : app::no_copy(*engine_, settings);
  if (started.ok()) return {};
  crash();
  return started.error().message;
}

std::string CopiedShop::open(bool sync, bool forget, bool accept_loss) {
  return begin(true, {.directory = copy_,
                      .sync = sync,
                      .forget = forget,
                      .accept_loss = accept_loss,
                      .changes_most = changes_most_});
}

std::string CopiedShop::open_without_copy(bool forget) { return begin(false, {.forget = forget}); }

void CopiedShop::stop() {
  if (engine_) engine_->stop();
  if (copier_) copier_->stop();
  engine_.reset();
  copier_.reset();
}

void CopiedShop::crash() {
  // The last second of the copy is what a kill takes.
  if (copier_) copier_->stop();
  engine_.reset();
  copier_.reset();
}

int CopiedShop::work(int accounts) {
  int done = 0;
  for (int i = 0; i < accounts; ++i) {
    clock_.advance(1000);
    domain::User user{.uuid = core::uuid4(random_.as_random())};
    user.email = user.uuid + "@example.com";
    user.password_hash = "none";
    user.created_at = clock_.now();
    const auto made = engine_->writer().run<core::UserId>(
        "test", [&](store::Tx& tx) -> core::Result<core::UserId> {
          const core::UserId id = store::insert_user(tx, user);
          const core::Digest digest = store::user_digest(user);
          tx.append({.operation = store::operation::kUserCreate,
                     .actor = "system",
                     .user_id = id,
                     .digest = digest});
          return id;
        });
    done += made.ok();
    if (!made.ok()) refusal_ = made.error();
  }
  return done;
}

bool CopiedShop::wait_for_copy() {
  const auto wanted = engine_->readers().read<std::int64_t>(
      [](store::Connection& db) -> core::Result<std::int64_t> {
        return store::change_position(db);
      });
  return wait_until([&] {
    const auto now = copier_->figures();
    return now.healthy && now.position >= *wanted;
  });
}

bool CopiedShop::wait_for_base(std::size_t count, int seconds) {
  const int tries = seconds * 1000 / static_cast<int>(kBetweenTries.count());
  return wait_until([&] { return store::look_at_copy(copy_)->bases.size() >= count; }, tries);
}

bool CopiedShop::wait_for_word(const std::string& words) {
  return wait_until([&] { return copier_->check().detail.find(words) != std::string::npos; });
}

std::int64_t CopiedShop::entries() { return engine_->writer().committed_seq().value; }

std::string restore_copy(const CopiedShop& shop, const std::string& to, const store::Until& until,
                         store::RestoreReport* report) {
  const auto restored =
      store::restore(store::DataPaths(to), shop.copy(), {.until = until, .key_file = shop.key()});
  if (!restored.ok()) return restored.error().message;
  if (report != nullptr) *report = *restored;
  return {};
}

std::string users_in(const std::string& data) {
  store::Connection db(data + "/coupond.db", store::Connection::Access::kReadOnly);
  static constexpr char kUsers[] = "SELECT id || ' ' || uuid || ' ' || created_at FROM users";
  std::string text;
  for (store::Query query(db, kUsers); query.next();) text += query.text(0) + "\n";
  return text;
}

std::int64_t last_seq_in(const std::string& data) {
  store::Connection db(data + "/coupond.db", store::Connection::Access::kReadOnly);
  return store::last_entry(db).seq.value;
}

}  // namespace coupon::test
