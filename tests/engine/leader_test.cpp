// A leader whose etcd loses answers, is full, or knows another leader by now.
#include "coupond/cluster/leader.h"

#include <catch2/catch.hpp>
#include <future>
#include <thread>

#include "coupond/core/seal.h"
#include "tests/support/fake_etcd.h"

using namespace coupon;
using cluster::Etcd;
using cluster::Leader;
using cluster::SharedLog;
using core::Reason;
using Fate = test::FakeEtcd::Fate;
using Stored = store::ChangeSink::Stored;

namespace {

const cluster::Shop kShop{.instance = "shop", .restore_epoch = 0};

SharedLog log_of(const test::FakeEtcd& etcd) {
  return SharedLog(std::move(Etcd::of_url(etcd.url()).value()), kShop);
}

cluster::Term take(SharedLog& log, const std::string& name) {
  const auto view = log.look(0, 1);
  return **log.take(*view, {.name = name, .url = "here", .schema = 2}, *log.grant());
}

struct Cluster {
  Cluster()
      : log(log_of(etcd)),
        term(take(log, "a")),
        leader(log_of(etcd), log_of(etcd),
               {.self = {.name = "a", .url = "here"},
                .term = term,
                .key = {},
                .heard_at_ms = Leader::boot_ms(),
                .settle_ms = 400}) {
    leader.on_end([this](const std::string& why) { ended.set_value(why); });
  }
  // Told on the leader's own thread, perhaps.
  std::string why_ended() { return ended.get_future().get(); }

  // One change; as a writer does, it is committed when it was stored.
  Stored append(const std::string& statements = "x") {
    const Stored stored =
        leader.append({.instance = "shop", .position = position + 1, .statements = statements});
    if (stored == Stored::kYes) {
      leader.committed();
      ++position;
    }
    return stored;
  }
  // The next writes fare so, all after them well.
  void fates(std::vector<Fate> next) {
    etcd.on_write([next, at = std::size_t{0}]() mutable {
      return at < next.size() ? next[at++] : Fate::kAnswered;
    });
  }
  std::string statements_of(std::int64_t at) {
    const auto entry = log.entry(at);
    if (!entry.ok() || !*entry) return "none";
    const auto bytes = core::unseal(core::Block<32>{}, (*entry)->sealed);
    return bytes ? store::decode(*bytes)->statements : "not sealed";
  }

  test::FakeEtcd etcd;
  SharedLog log;
  cluster::Term term;
  std::promise<std::string> ended;
  std::int64_t position = 0;
  Leader leader;
};

}  // namespace

TEST_CASE("a change whose answer was lost is found by the next try, and lies there once") {
  Cluster cluster;
  cluster.fates({Fate::kDoneUnanswered, Fate::kDoneUnanswered});
  CHECK(cluster.append("one") == Stored::kYes);
  cluster.fates({Fate::kLost, Fate::kLost});
  CHECK(cluster.append("two") == Stored::kYes);
  CHECK(cluster.etcd.count("/log/") == 2);
  CHECK(cluster.statements_of(1) == "one");
  CHECK(cluster.statements_of(2) == "two");
  CHECK_FALSE(cluster.leader.ended());
}

TEST_CASE("a change that nobody answers for is unknown, and one that was not sent is not there") {
  Cluster cluster;
  cluster.etcd.on_write([] { return Fate::kLost; });
  CHECK(cluster.append() == Stored::kUnknown);
  CHECK_FALSE(cluster.leader.ended());
}

TEST_CASE("a leader that is deposed writes nothing, confirms nothing and answers nothing") {
  Cluster cluster;
  CHECK(cluster.leader.may_answer());
  CHECK(cluster.append() == Stored::kYes);
  CHECK(cluster.leader.confirm() == Stored::kYes);
  cluster.etcd.put("/epoch", "2 2 b");
  CHECK(cluster.append() == Stored::kNotOurs);
  CHECK(cluster.leader.refusal().reason == Reason::kShuttingDown);
  CHECK(cluster.etcd.count("/log/") == 1);
  CHECK(cluster.why_ended() == "another member of the cluster leads now");
  CHECK_FALSE(cluster.leader.may_answer());
  CHECK(cluster.leader.confirm() == Stored::kNotOurs);
}

TEST_CASE("a refusal after another one took over is not confirmed") {
  Cluster cluster;
  cluster.etcd.put("/epoch", "2 2 b");
  CHECK(cluster.leader.confirm() == Stored::kNotOurs);
  CHECK(cluster.leader.ended());
}

TEST_CASE("a change that lay there before the other one took over was made all the same") {
  Cluster cluster;
  std::thread other;
  cluster.etcd.on_write([&] {
    other = std::thread([&] { cluster.etcd.put("/epoch", "2 2 b"); });  // as soon as it may
    return Fate::kDoneUnanswered;
  });
  CHECK(cluster.append("one") == Stored::kYes);
  other.join();
  CHECK(cluster.statements_of(1) == "one");
  CHECK(cluster.leader.confirm() == Stored::kNotOurs);
}

TEST_CASE("the first change beyond etcd's quota counts as made, and later ones as not") {
  Cluster cluster;
  cluster.fates({Fate::kDoneFull, Fate::kFull});
  CHECK(cluster.append("one") == Stored::kYes);
  CHECK(cluster.append("two") == Stored::kNotOurs);
  CHECK(cluster.leader.refusal().reason == Reason::kCopyGone);
  CHECK(cluster.leader.refusal().message.find("etcd has no room") == 0);
  CHECK_FALSE(cluster.leader.ended());
  CHECK(cluster.append("three") == Stored::kYes);
  CHECK(cluster.statements_of(1) == "one");
  CHECK(cluster.statements_of(2) == "three");
}

TEST_CASE("a change of any size goes through, in parts that are trimmed with it") {
  Cluster cluster;
  const std::string large(3'000'000, 'x');
  CHECK(cluster.append(large) == Stored::kYes);
  CHECK(cluster.append("y") == Stored::kYes);
  CHECK(cluster.etcd.count("/part/") == 3);
  const bool same = cluster.statements_of(1) == large;
  CHECK(same);
  const auto view = cluster.log.look(0, 10);
  REQUIRE(view.ok());
  REQUIRE(view->entries.size() == 2);
  CHECK(view->first == 1);
  CHECK(view->last == 2);
  CHECK(cluster.log.trim(cluster.term, 1).ok());
  CHECK(cluster.etcd.count("/part/") == 0);
  CHECK(cluster.etcd.count("/log/") == 1);
}

TEST_CASE("a leader whose database was changed by somebody else writes no more") {
  Cluster cluster;
  CHECK(cluster.append() == Stored::kYes);
  ++cluster.position;
  CHECK(cluster.append() == Stored::kNotOurs);
  CHECK(cluster.why_ended().find("behind the cluster's back") != std::string::npos);
  CHECK(cluster.etcd.count("/log/") == 1);
}

TEST_CASE("of two that want to lead one does, and a restore ends those of before") {
  test::FakeEtcd etcd;
  SharedLog log = log_of(etcd);
  const auto view = log.look(0, 1);
  const auto first = log.take(*view, {.name = "a", .url = "here", .schema = 2}, *log.grant());
  const auto second = log.take(*view, {.name = "b", .url = "there", .schema = 2}, *log.grant());
  REQUIRE(first.ok());
  REQUIRE(second.ok());
  REQUIRE(*first);
  CHECK_FALSE(*second);
  CHECK(*log.confirm(**first));
  SharedLog restored(std::move(Etcd::of_url(etcd.url()).value()),
                     {.instance = "shop", .restore_epoch = 1});
  const auto later = restored.look(0, 1);
  CHECK(later->newest == 0);
  CHECK(later->term == 0);
  REQUIRE(*restored.take(*later, {.name = "b", .url = "there", .schema = 2}, *log.grant()));
  CHECK_FALSE(*log.confirm(**first));
  CHECK(log.look(0, 1)->newest == 1);
}

TEST_CASE("a lease that ran out is replaced while nobody else leads") {
  Cluster cluster;
  cluster.etcd.end_leases();
  for (int i = 0; i < 40 && cluster.etcd.value_of("/leader").empty(); ++i) {
    std::this_thread::sleep_for(std::chrono::milliseconds(100));
  }
  CHECK(cluster.etcd.value_of("/leader") == "a here");
  CHECK(cluster.append() == Stored::kYes);
  CHECK_FALSE(cluster.leader.ended());
}
