// Change records: what another database makes of them, and which it refuses. COUPOND_LONG tampers
// ten times as often.
#include <catch2/catch.hpp>
#include <cstdlib>
#include <deque>

#include "coupond/service/coupons.h"
#include "coupond/store/change_record.h"
#include "tests/support/engine_fixture.h"
#include "tests/support/text.h"

using namespace coupon;
using store::ChangeRecord;
using test::EngineFixture;
using test::give_credit;

namespace {

// The records of a small shop's day.
std::vector<ChangeRecord> some_records(int count) {
  EngineFixture fixture;
  const auto user = fixture.make_user(100);
  while (static_cast<int>(fixture.shadow()->records().size()) < count) {
    CHECK(fixture.run<core::Done>([&](store::Tx& tx) { return give_credit(tx, user, 5); }).ok());
  }
  std::vector<ChangeRecord> records;
  for (const std::string& bytes : fixture.shadow()->records()) {
    records.push_back(*store::decode(bytes));
  }
  return records;
}

// A database that takes them.
class Taker {
 public:
  Taker() {
    test::make_database(path_);
    connection_.emplace(path_, store::Connection::Access::kReadWrite);
    connection_->exec("PRAGMA synchronous = OFF");
    applier_.emplace(*connection_, test::test_verifier());
  }
  // What it says to the record; empty when it takes it.
  std::string take(const ChangeRecord& record) {
    const auto applied = applier_->apply(record);
    return applied.ok() ? std::string() : applied.error().message;
  }
  std::string digests() { return test::table_digests(*connection_); }

 private:
  test::TempDir directory_;
  const std::string path_ = directory_ / "taker.db";
  std::optional<store::Connection> connection_;
  std::optional<store::ChangeApplier> applier_;
};

std::string number(std::int64_t value) { return std::to_string(value); }

}  // namespace

TEST_CASE("a record that is missing, doubled, swapped or foreign is refused by name") {
  const auto records = some_records(12);
  const int tries = test::long_run() ? 500 : 50;
  test::SeededRandom random(20261127);
  for (int i = 0; i < tries; ++i) {
    INFO("try " << i);
    Taker taker;
    const std::size_t at = 1 + random.below(records.size() - 2);
    for (std::size_t k = 0; k < at; ++k) REQUIRE(taker.take(records[k]) == "");
    const std::string before = taker.digests();
    ChangeRecord record = records[at];
    const std::string change = "change " + number(record.position);
    switch (random.below(7)) {
      case 0:  // dropped, or swapped with the next
        CHECK(taker.take(records[at + 1]) ==
              change + " is missing: the next one is " + number(record.position + 1));
        break;
      case 1:  // doubled
        CHECK(taker.take(records[at - 1]) ==
              "change " + number(record.position - 1) +
                  " is in the database already, which is at change " + number(record.position - 1));
        break;
      case 2:
        record.restore_epoch = 1;
        CHECK(taker.take(record) == change + " is of restore epoch 1, the database of 0");
        break;
      case 3:
        record.instance = "another";
        CHECK(taker.take(record) == change + " is another shop's: instance another, not ");
        break;
      case 4:
        ++record.schema;
        CHECK(taker.take(record).find("is for schema") != std::string::npos);
        break;
      case 5:
        record.before.hash[0] ^= 1;
        CHECK(taker.take(record).find(" goes on from another ledger") != std::string::npos);
        break;
      case 6:  // somebody else's statements under this record's name
        record.statements = records[at + 1].statements;
        CHECK(taker.take(record) != "");
        break;
    }
    CHECK(taker.digests() == before);
    for (std::size_t k = at; k < records.size(); ++k) REQUIRE(taker.take(records[k]) == "");
  }
}

TEST_CASE("a record whose ledger entries are changed is refused") {
  const auto records = some_records(4);
  Taker taker;
  REQUIRE(taker.take(records[0]) == "");
  REQUIRE(taker.take(records[1]) == "");
  const std::string before = taker.digests();
  ChangeRecord record = records[2];
  const std::size_t at = record.statements.find("user.credit");
  REQUIRE(at != std::string::npos);
  record.statements[at] = 'U';
  CHECK(taker.take(record).find("its hash is not that of its fields") != std::string::npos);
  record = records[2];
  record.after.hash[3] ^= 8;
  CHECK(taker.take(record).find("leaves the ledger at entry") != std::string::npos);
  record = records[2];
  record.after = record.before;
  CHECK(taker.take(record).find("leaves the ledger at entry") != std::string::npos);
  // The head that it signs is another's.
  record = records[2];
  const std::string head(core::as_text(records[2].after.hash));
  const std::size_t last = record.statements.rfind(head);
  REQUIRE(last != std::string::npos);
  record.statements[last + head.size() + 10] ^= 1;
  CHECK(taker.take(record).find("the signature is not by this") != std::string::npos);
  CHECK(taker.digests() == before);
  CHECK(taker.take(records[2]) == "");
}

TEST_CASE("what was undone, refused or only tried is in no record") {
  EngineFixture fixture;
  const auto user = fixture.make_user(100);
  const std::size_t before = fixture.shadow()->records().size();
  const auto refused = fixture.run<core::Done>([&](store::Tx& tx) -> core::Result<core::Done> {
    static_cast<void>(give_credit(tx, user, 5));
    return core::Reason::kBusy;
  });
  CHECK_FALSE(refused.ok());
  const auto tried = fixture.writer().run<core::Done>(
      "test", [&](store::Tx& tx) { return give_credit(tx, user, 5); },
      store::Writer::Intent::kDryRun);
  CHECK(tried.ok());
  CHECK(fixture.shadow()->records().size() == before);
  // Of two, one inside the other, the outer stays.
  const auto kept = fixture.run<core::Done>([&](store::Tx& tx) {
    static_cast<void>(give_credit(tx, user, 7));
    tx.attempt([&] {
      static_cast<void>(give_credit(tx, user, 1000));
      return false;
    });
    return give_credit(tx, user, 11);
  });
  CHECK(kept.ok());
  CHECK(fixture.number("SELECT credit FROM balances") == 118);
  CHECK(fixture.shadow()->records().size() == before + 1);
}

TEST_CASE("a batch ends with the operation that fills its record") {
  EngineFixture fixture({.writer = {.drive = store::Writer::Drive::kCaller}});
  const auto user = fixture.make_user();
  const std::string large(300'000, 'x');
  std::deque<store::Writer::Operation> operations;
  int failed = 0;
  const auto rename = [&](store::Tx& tx) {
    store::Query(tx.db(), "UPDATE users SET name = ?1 WHERE id = ?2", large, user).run();
    return true;
  };
  for (int i = 0; i < 10; ++i) {
    operations.emplace_back("test", rename, [&](const core::Error&) { ++failed; });
  }
  store::Writer::Operations batch;
  for (auto& operation : operations) batch.push_back(&operation);
  fixture.writer().run_batch(batch);
  CHECK(failed == 0);
  std::vector<std::size_t> sizes;
  for (const auto& report : fixture.batches()) sizes.push_back(report.operations);
  CHECK(sizes == std::vector<std::size_t>{1, 4, 4, 2});
  for (const std::string& bytes : fixture.shadow()->records()) {
    CHECK(bytes.size() < 2 * store::kRecordBytes);
  }
}

TEST_CASE("what is written without a record takes a number that none has") {
  test::TempDir directory;
  const std::string path = directory / "coupond.db";
  test::make_database(path);
  test::make_database(directory / "shadow.db");
  test::Shadow shadow(directory / "shadow.db", test::test_verifier());
  const auto work = [&](store::ChangeSink* sink) {
    static std::uint64_t seed = 100;
    EngineFixture fixture({.writer = {.changes = sink}, .seed = ++seed, .path = path});
    fixture.make_user();
    fixture.make_user();
    return fixture.number("SELECT coalesce(max(position), 0) FROM change_position");
  };
  CHECK(work(&shadow) == 2);
  CHECK(work(nullptr) == 3);
  CHECK(work(&shadow) == 5);
  store::Connection connection(path, store::Connection::Access::kReadOnly);
  CHECK(shadow.compare(connection) == "change 3 is missing: the next one is 4");
}

TEST_CASE("nobody who wants no records keeps anything for them") {
  EngineFixture fixture({.path = [] {
    static test::TempDir directory;
    const std::string path = directory / "coupond.db";
    test::make_database(path);
    return path;
  }()});
  fixture.make_user();
  CHECK(fixture.number("SELECT count(*) FROM change_position") == 0);
}
