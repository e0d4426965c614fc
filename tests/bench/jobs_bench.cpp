// How long a job of codes takes, and how long its slices hold the writer: `coupond_jobs_bench
// [CODES] [card|pool] [SLICE]`, in a new directory under the current one. With SLICE, slices of
// that many codes, however long they take: for comparing on a machine that is not quiet.
#include <algorithm>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "coupond/core/ids.h"
#include "coupond/service/campaigns.h"
#include "coupond/service/jobs.h"

namespace {

using namespace coupon;

double seconds_since(std::chrono::steady_clock::time_point start) {
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

core::CampaignId add_campaign(service::Engine& engine, domain::Mode mode) {
  domain::Campaign campaign{.uuid = core::uuid4(engine.random()), .mode = mode, .name = "Bench"};
  return engine.writer()
      .run<service::CampaignWritten>("bench",
                                     [&](store::Tx& tx) {
                                       return service::create_campaign(tx, service::Caller::cli(),
                                                                       campaign);
                                     })
      .value()
      .campaign.id;
}

struct Slices {
  std::mutex mutex;  // guards the two below
  std::vector<std::int64_t> held_us;
  bool ended = false;
};

void print(Slices& slices, double seconds, std::int64_t codes) {
  auto& held = slices.held_us;
  std::sort(held.begin(), held.end());
  const auto at = [&](double part) {
    return held[static_cast<std::size_t>(part * static_cast<double>(held.size() - 1))];
  };
  std::printf("%lld codes in %.2f s, %.2f us each, %zu slices\n", static_cast<long long>(codes),
              seconds, seconds * 1e6 / static_cast<double>(codes), held.size());
  std::printf("a slice holds the writer: p50 %.1f ms, p99 %.1f ms, most %.1f ms\n",
              static_cast<double>(at(0.5)) / 1e3, static_cast<double>(at(0.99)) / 1e3,
              static_cast<double>(at(1)) / 1e3);
}

}  // namespace

int main(int argc, char** argv) {
  const std::int64_t codes = argc > 1 ? std::atoll(argv[1]) : 1'000'000;
  const auto mode =
      argc > 2 && std::string(argv[2]) == "card" ? domain::Mode::kCard : domain::Mode::kPool;
  std::string directory = "jobs-bench-XXXXXX";
  if (::mkdtemp(directory.data()) == nullptr) return 1;
  {
    auto engine = service::Engine::open({.data_dir = directory + "/data"}).value();
    const auto campaign = add_campaign(*engine, mode);
    const auto start = std::chrono::steady_clock::now();
    const auto plan =
        service::plan_generation(*engine, service::Caller::cli(), {campaign, codes, {}}).value();
    engine->writer()
        .run<domain::Job>("bench", [&](store::Tx& tx) { return service::queue_job(tx, plan); })
        .value();
    Slices slices;
    service::JobRunner::Options options;
    if (argc > 3) {
      options.slice_codes_max = std::atoll(argv[3]);
      options.quiet_slice_us = options.busy_slice_us = 60'000'000;
    }
    options.slice = [&](const domain::Job& job, std::int64_t held_us) {
      const std::lock_guard lock(slices.mutex);
      slices.held_us.push_back(held_us);
      slices.ended = job.done == job.total;
    };
    service::JobRunner runner(*engine, options);
    while (true) {
      std::this_thread::sleep_for(std::chrono::milliseconds(5));
      const std::lock_guard lock(slices.mutex);
      if (slices.ended) break;
    }
    print(slices, seconds_since(start), codes);
  }
  std::filesystem::remove_all(directory);
}
