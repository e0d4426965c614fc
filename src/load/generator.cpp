#include "coupond/load/generator.h"

#include <sys/epoll.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <chrono>
#include <memory>
#include <thread>
#include <vector>

#include "coupond/core/descriptor.h"
#include "coupond/core/net.h"
#include "src/load/client.h"

namespace coupon::load {
namespace {

using core::refuse;
using Progress = Client::Progress;

constexpr std::int64_t kNsPerSecond = 1'000'000'000;
// How long a reply to the last requests may take.
constexpr std::int64_t kPatienceNs = 15 * kNsPerSecond;
constexpr int kTickMs = 100;
constexpr int kEventsAtOnce = 128;
constexpr std::size_t kShownOfBody = 300;

std::int64_t now_ns() {
  return std::chrono::duration_cast<std::chrono::nanoseconds>(
             std::chrono::steady_clock::now().time_since_epoch())
      .count();
}

// What the threads of a run share.
struct Run {
  const Plan& plan;
  const Workload& workload;
  const std::int64_t start_ns;
  const std::int64_t end_ns;
  std::atomic<std::uint64_t> next{0};

  // The next request into `bytes`; false when there is none any more.
  bool request(std::string& bytes, std::int64_t now) {
    if (now >= end_ns) return false;
    const std::uint64_t n = next.fetch_add(1, std::memory_order_relaxed);
    bytes.clear();
    return n < plan.requests_max && workload.request(n, bytes);
  }
};

// One thread with its share of the connections.
class Lane {
 public:
  Lane(Run& run, std::vector<Client> clients, bool reports)
      : run_(run),
        clients_(std::move(clients)),
        reports_(reports),
        epoll_(::epoll_create1(EPOLL_CLOEXEC)) {}
  Lane(const Lane&) = delete;
  Lane& operator=(const Lane&) = delete;

  void work() {
    for (Client& client : clients_) begin(client);
    while (waiting_ > 0 && now_ns() < run_.end_ns + kPatienceNs) step();
    if (waiting_ > 0) note_wrong("no reply came in 15 seconds");
    end_ns_ = now_ns();
  }

  void add_to(Outcome& outcome) const {
    outcome.right += right_;
    outcome.wrong += wrong_;
    if (outcome.first_wrong.empty()) outcome.first_wrong = first_wrong_;
    outcome.latency.merge(latency_);
    const double seconds =
        static_cast<double>(end_ns_ - run_.start_ns) / static_cast<double>(kNsPerSecond);
    outcome.seconds = std::max(outcome.seconds, seconds);
    for (const Client& client : clients_) {
      outcome.least = std::min(outcome.least, client.replies);
      outcome.most = std::max(outcome.most, client.replies);
    }
  }

 private:
  void begin(Client& client) {
    epoll_event event{};
    event.events = EPOLLIN;
    event.data.ptr = &client;
    ::epoll_ctl(epoll_.fd(), EPOLL_CTL_ADD, client.fd(), &event);
    send_next(client);
  }

  void step() {
    std::array<epoll_event, kEventsAtOnce> events;
    const int n = ::epoll_wait(epoll_.fd(), events.data(), kEventsAtOnce, kTickMs);
    for (int i = 0; i < n; ++i) {
      receive(*static_cast<Client*>(events[static_cast<std::size_t>(i)].data.ptr));
    }
    const std::int64_t now = now_ns();
    if (!reports_ || !run_.plan.progress || now < next_report_ns_) return;
    next_report_ns_ = now + kTickMs * 1'000'000;
    run_.plan.progress(static_cast<double>(now - run_.start_ns) /
                       static_cast<double>(kNsPerSecond));
  }

  void receive(Client& client) {
    const bool expected = client.waiting;
    const Progress progress = client.receive();
    if (progress == Progress::kWaiting) return;
    if (progress == Progress::kBroken || !expected) {
      drop(client, "a connection was closed or a reply made no sense");
      return;
    }
    --waiting_;
    if (run_.workload.accept(client.status(), client.body())) {
      ++right_;
      latency_.record(now_ns() - client.sent_ns);
    } else {
      note_wrong("status " + std::to_string(client.status()) + ": " +
                 std::string(client.body().substr(0, kShownOfBody)));
    }
    send_next(client);
  }

  void send_next(Client& client) {
    client.sent_ns = now_ns();
    if (!run_.request(client.request(), client.sent_ns)) return;
    if (client.send()) {
      ++waiting_;
    } else {
      drop(client, "a request could not be sent");
    }
  }

  void drop(Client& client, const char* why) {
    if (client.waiting) --waiting_;
    client.waiting = false;
    ::epoll_ctl(epoll_.fd(), EPOLL_CTL_DEL, client.fd(), nullptr);
    note_wrong(why);
  }

  void note_wrong(std::string why) {
    if (wrong_++ == 0) first_wrong_ = std::move(why);
  }

  Run& run_;
  std::vector<Client> clients_;
  const bool reports_;
  const core::Descriptor epoll_;
  std::size_t waiting_ = 0;
  std::int64_t next_report_ns_ = 0;
  std::int64_t end_ns_ = 0;
  std::uint64_t right_ = 0;
  std::uint64_t wrong_ = 0;
  std::string first_wrong_;
  Histogram latency_;
};

core::Result<std::vector<Client>> connect_all(const Plan& plan, std::size_t count) {
  std::vector<Client> clients(count);
  for (Client& client : clients) {
    if (!client.connect(plan.address, plan.port)) {
      return refuse("No connection to " + plan.address + ":" + std::to_string(plan.port) +
                    " could be made.");
    }
  }
  return clients;
}

}  // namespace

core::Result<Outcome> run(const Plan& plan, const Workload& workload) {
  const auto address = core::IpAddress::parse(plan.address);
  if (!address || !address->is_loopback()) {
    return refuse("The load generator talks to loopback addresses only, not to " + plan.address);
  }
  std::vector<std::vector<Client>> shares;
  const std::size_t threads = std::clamp<std::size_t>(plan.threads, 1, plan.connections);
  for (std::size_t i = 0; i < threads; ++i) {
    const std::size_t count = (plan.connections + i) / threads;
    auto clients = connect_all(plan, count);
    if (!clients.ok()) return clients.error();
    shares.push_back(std::move(*clients));
  }
  const std::int64_t start = now_ns();
  const auto length_ns =
      static_cast<std::int64_t>(plan.seconds * static_cast<double>(kNsPerSecond));
  Run shared{.plan = plan, .workload = workload, .start_ns = start, .end_ns = start + length_ns};
  std::vector<std::unique_ptr<Lane>> lanes;
  for (auto& share : shares) {
    lanes.push_back(std::make_unique<Lane>(shared, std::move(share), lanes.empty()));
  }
  std::vector<std::thread> running;
  for (const auto& lane : lanes) running.emplace_back([&lane] { lane->work(); });
  for (std::thread& thread : running) thread.join();
  Outcome outcome{.least = ~0ULL};
  for (const auto& lane : lanes) lane->add_to(outcome);
  return outcome;
}

}  // namespace coupon::load
