// How many redemptions a second the writer alone commits durably, without HTTP: the limit that
// `coupond bench` compares a server with. Not a test.
//
//   coupond_writer_bench DIR [users] [codes] [callers] [seconds] [runs]
//
// DIR is filled the first time and used up from then on.
#include <sodium.h>
#include <time.h>

#include <cstdio>
#include <cstdlib>

#include "src/cli/bench/bench_work.h"

namespace {

using namespace coupon;

int fail(const core::Error& error) {
  std::fprintf(stderr, "%s %s\n", std::string(core::name(error.reason)).c_str(),
               error.message.c_str());
  return 1;
}

std::int64_t number(int argc, char** argv, int at, std::int64_t otherwise) {
  return argc > at ? std::atoll(argv[at]) : otherwise;
}

double us(std::int64_t ns) { return static_cast<double>(ns) / 1000; }

// What the batches of a run cost, by the writer's own reports. Added to on its thread.
struct Sums {
  double batches = 0;
  double operations = 0;
  double total_us = 0;
  double commit_us = 0;
  double cpu_us = 0;
  double log_bytes = 0;
  std::int64_t last_log_bytes = 0;
  double start_cpu_us = 0;

  static double cpu_now_us() {
    timespec now{};
    ::clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
    return static_cast<double>(now.tv_sec) * 1e6 + static_cast<double>(now.tv_nsec) / 1e3;
  }

  void add(const store::BatchReport& report) {
    if (batches == 0) start_cpu_us = cpu_now_us();
    batches += 1;
    operations += static_cast<double>(report.operations);
    total_us += static_cast<double>(report.total_us);
    commit_us += static_cast<double>(report.commit_us);
    const bool restarted = report.wal_bytes < last_log_bytes;
    log_bytes += static_cast<double>(report.wal_bytes - (restarted ? 0 : last_log_bytes));
    last_log_bytes = report.wal_bytes;
    cpu_us = cpu_now_us() - start_cpu_us;
  }

  void print() const {
    std::printf(
        "  %.0f batches of %.1f; per operation: execute %.1f us, commit %.1f us; writer's "
        "processor "
        "time %.1f us; log %.0f bytes\n",
        batches, operations / batches, (total_us - commit_us) / operations, commit_us / operations,
        cpu_us / operations, log_bytes / operations);
  }
};

}  // namespace

int main(int argc, char** argv) {
  if (argc < 2 || sodium_init() < 0) return 2;
  cli::BenchSize size{.users = number(argc, argv, 2, 10'000),
                      .codes = number(argc, argv, 3, 400'000)};
  service::Engine::Options options{.data_dir = argv[1]};
  Sums sums;
  options.observer.batch = [&](const store::BatchReport& report) { sums.add(report); };
  auto engine = service::Engine::open(options);
  if (!engine.ok()) return fail(engine.error());
  auto filled = cli::fill(**engine, size, [](auto, auto, auto) {});
  if (!filled.ok()) return fail(filled.error());
  const auto runs = number(argc, argv, 6, 3);
  for (std::int64_t run = 0; run < runs; ++run) {
    auto supply = cli::BenchSupply::make(**engine, size);
    if (!supply.ok()) return fail(supply.error());
    sums = {};
    const auto done = cli::redeem_without_http(**engine, **supply,
                                               static_cast<std::size_t>(number(argc, argv, 4, 64)),
                                               static_cast<double>(number(argc, argv, 5, 3)));
    std::printf("%.0f/s  p50 %.0f us  p99 %.0f us  p99.9 %.0f us  wrong %llu %s\n",
                done.per_second(), us(done.latency.quantile_ns(0.5)),
                us(done.latency.quantile_ns(0.99)), us(done.latency.quantile_ns(0.999)),
                static_cast<unsigned long long>(done.wrong), done.first_wrong.c_str());
    sums.print();
  }
  return 0;
}
