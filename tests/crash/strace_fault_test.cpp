// Goal: what the real program answers stays true when the real system calls fail under it. Method:
// strace makes the n-th write, sync or truncate of each of the server's threads fail, once or from
// then on, while clients work; then kill -9, a start without faults, and every answer held against
// the ledger. The same as io_fault_test without a VFS of ours in between. COUPOND_LONG=1: far more.
#include <atomic>
#include <catch2/catch.hpp>
#include <cstdlib>
#include <iostream>
#include <thread>

#include "tests/support/black_box.h"
#include "tests/support/shopper.h"
#include "tests/support/text.h"

using namespace coupon;
using test::BlackBox;
using test::may_trace;
using test::Shopper;

namespace {

constexpr int kClients = 4;
constexpr int kLoadMs = 250;

struct Fault {
  const char* call;
  const char* error;
  int at;
  bool for_ever;

  std::string text() const {
    return std::string(call) + ":error=" + error + ":when=" + std::to_string(at) +
           (for_ever ? "+" : "");
  }
};

// The first faults meet the start, the later ones the writer at work.
std::vector<Fault> faults() {
  std::vector<Fault> list;
  const std::vector<int> at = test::long_run()
                                  ? std::vector<int>{1, 2, 3, 4, 5, 6, 8, 10, 15, 20, 30, 50, 80}
                                  : std::vector<int>{9, 20};
  for (const int n : at) {
    for (const bool for_ever : {false, true}) {
      list.push_back({"fdatasync", "EIO", n, for_ever});
      list.push_back({"pwrite64", "ENOSPC", n, for_ever});
      if (!test::long_run()) continue;
      list.push_back({"pwrite64", "EIO", n, for_ever});
      list.push_back({"fdatasync", "ENOSPC", n, for_ever});
      list.push_back({"ftruncate", "EIO", n, for_ever});
      list.push_back({"pwrite64", "EDQUOT", n, for_ever});
    }
  }
  if (!test::long_run()) list.push_back({"ftruncate", "EIO", 1, true});
  return list;
}

class FaultyServer {
 public:
  FaultyServer() : mall_(test::open_mall(box_, 2000, 1000, 500)) {
    for (int i = 0; i < kClients; ++i) {
      shoppers_.emplace_back(box_.add_person(), mall_, static_cast<std::uint64_t>(i));
    }
    box_.start();
    static_cast<void>(box_.server().terminate());
  }

  // Serves under the fault, then without; gives what is wrong.
  std::vector<std::string> serve_under(const Fault& fault) {
    box_.launch({}, {"strace", "-D", "-f", "-o", "/dev/null", "-e",
                     std::string("trace=") + fault.call, "-e", "inject=" + fault.text()});
    if (becomes_ready()) load();
    box_.server().kill();
    const int port = box_.start().port();
    test::read_ledger(port, mall_.admin_token, ledger_);
    verdict_ = test::judge(shoppers_, ledger_);
    std::vector<std::string> wrong = verdict_.violations;
    if (auto divergence = box_.divergence(); !divergence.empty()) wrong.push_back(divergence);
    box_.server().kill();
    return wrong;
  }

  const test::Verdict& verdict() const { return verdict_; }
  int refused_starts() const { return refused_starts_; }

 private:
  // A fault at the start may end the server, which is as good an answer as any.
  bool becomes_ready() {
    try {
      box_.server().wait_until_ready();
      return true;
    } catch (const std::runtime_error&) {
      ++refused_starts_;
      return false;
    }
  }

  void load() {
    const int port = box_.server().port();
    std::atomic<bool> stop = false;
    std::vector<std::thread> threads;
    for (Shopper& shopper : shoppers_) {
      threads.emplace_back([&shopper, &stop, port] { shopper.shop(port, stop); });
    }
    std::this_thread::sleep_for(std::chrono::milliseconds(kLoadMs));
    box_.server().kill();
    stop = true;
    for (std::thread& thread : threads) thread.join();
  }

  BlackBox box_;
  const test::Mall mall_;
  std::vector<Shopper> shoppers_;
  test::Ledger ledger_;
  test::Verdict verdict_;
  int refused_starts_ = 0;
};

}  // namespace

TEST_CASE("whatever system call fails, answers agree with the file afterwards", "[strace]") {
  if (!may_trace()) {
    WARN("skipped: strace may not trace here");
    SUCCEED("skipped");
    return;
  }
  FaultyServer server;
  int cases = 0;
  for (const Fault& fault : faults()) {
    INFO(fault.text());
    REQUIRE(server.serve_under(fault) == std::vector<std::string>{});
    ++cases;
  }
  const test::Verdict& verdict = server.verdict();
  std::cout << "strace faults: " << cases << " cases, " << server.refused_starts()
            << " refused starts, " << verdict.acknowledged << " acknowledged, " << verdict.refused
            << " refused, " << verdict.unknown << " unknown\n";
  CHECK(verdict.acknowledged > cases);
  CHECK(server.refused_starts() < cases);
}
