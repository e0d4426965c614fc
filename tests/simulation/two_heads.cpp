#include "tests/simulation/two_heads.h"

#include <chrono>
#include <csignal>
#include <stdexcept>
#include <thread>

namespace coupon::test {
namespace {

using std::chrono::steady_clock;

constexpr std::chrono::seconds kPatience{60};
constexpr std::chrono::seconds kTwoLeases{10};
constexpr std::chrono::milliseconds kPause{20};

std::vector<std::string> member_flags(const std::string& etcd, const std::string& name) {
  return {"--cluster", etcd, "--member", name, "--rate-limits", "off"};
}

void run(const std::vector<std::string>& arguments) {
  const Ended ended = run_coupond(arguments);
  if (ended.code != 0) throw std::runtime_error(ended.output);
}

}  // namespace

Heads::Heads(const Ports& ports) {
  for (const int port : ports) clients_.emplace_back(port);
}

HttpResponse Heads::send(std::string_view method, std::string_view path, const Headers& headers,
                         std::string_view body) {
  if (clients_.size() == 1) return clients_.front().send(method, path, headers, body);
  const auto late = steady_clock::now() + kPatience;
  while (steady_clock::now() < late) {
    try {
      HttpResponse response = clients_[turn_].send(method, path, headers, body);
      if (response.status < 500) return response;
    } catch (const std::runtime_error&) {
      clients_[turn_].disconnect();
    }
    turn_ = (turn_ + 1) % clients_.size();
    std::this_thread::sleep_for(kPause);
  }
  throw std::runtime_error("nobody answers");
}

TwoHeads::TwoHeads(BlackBox& box, const std::vector<std::string>& etcd) : box_(box) {
  auto flags = member_flags(etcd.at(0), "first");
  flags.emplace_back("--cluster-forget");  // other shops may be in the same etcd
  ports_.push_back(box_.start(flags).port());
  until_leads(0);
  const std::string seed = directory_ / "seed.backup";
  run({"backup", seed, "--with-key", "--data", box_.data_dir()});
  run({"restore", seed, "--as-copy", "--data", directory_ / "data"});
  second_ = std::make_unique<ServerProcess>(ServerProcess::Options{
      .data_dir = directory_ / "data", .flags = member_flags(etcd.at(1), "second")});
  second_->wait_until_ready();
  ports_.push_back(second_->port());
}

bool TwoHeads::leads(std::size_t head) const {
  try {
    return HttpClient(ports_[head]).get("/readyz").status == 200;
  } catch (const std::runtime_error&) {
    return false;
  }
}

void TwoHeads::until_leads(std::size_t head) const {
  const auto late = steady_clock::now() + kPatience;
  while (!leads(head)) {
    if (steady_clock::now() > late) throw std::runtime_error("it does not lead");
    std::this_thread::sleep_for(kPause);
  }
}

void TwoHeads::strike(bool sleeps) {
  if (!sleeps) return box_.server().kill();
  ::kill(box_.server().pid(), SIGSTOP);
  sleeps_ = true;
  const auto awake = steady_clock::now() + kTwoLeases;
  until_leads(1);
  std::this_thread::sleep_until(awake);
  wake();
}

void TwoHeads::wake() {
  if (sleeps_ && box_.server().running()) ::kill(box_.server().pid(), SIGCONT);
  sleeps_ = false;
}

std::string TwoHeads::stop() {
  const bool first = box_.server().running() && leads(0);
  if (!first) until_leads(1);
  box_.server().kill();
  second_->kill();
  return first ? box_.data_dir() : directory_ / "data";
}

}  // namespace coupon::test
