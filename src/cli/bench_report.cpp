#include "src/cli/bench_report.h"

#include <algorithm>
#include <cstdio>
#include <nlohmann/json.hpp>

namespace coupon::cli {
namespace {

using nlohmann::ordered_json;

double ms(std::int64_t ns) { return static_cast<double>(ns) / 1e6; }

double ratio(const BenchResult& result, const BenchResult* limit) {
  const double most = limit != nullptr ? limit->per_second() : 0;
  return most > 0 ? result.per_second() / most : 0;
}

template <class... Args>
std::string format(const char* pattern, Args... args) {
  std::string text(256, '\0');
  const int size = std::snprintf(text.data(), text.size(), pattern, args...);
  text.resize(std::min(text.size(), static_cast<std::size_t>(std::max(size, 0))));
  return text;
}

std::string table_row(const BenchReport& report, const BenchResult& result) {
  const load::Outcome& run = result.median();
  return format("%-9s %9.0f %9.2f %9.2f %9.2f %9.2f %8.2f %8.2f  %s\n", result.name.c_str(),
                run.per_second(), ms(run.latency.quantile_ns(0.5)),
                ms(run.latency.quantile_ns(0.99)), ms(run.latency.quantile_ns(0.999)),
                ms(run.latency.max_ns()), ratio(result, report.find("writer")),
                ratio(result, report.find("healthz")), result.about.c_str());
}

ordered_json result_json(const BenchReport& report, const BenchResult& result) {
  const load::Outcome& run = result.median();
  ordered_json rates = ordered_json::array();
  for (const load::Outcome& one : result.runs) rates.push_back(one.per_second());
  return {{"name", result.name},
          {"about", result.about},
          {"per_second", run.per_second()},
          {"runs_per_second", rates},
          {"p50_ms", ms(run.latency.quantile_ns(0.5))},
          {"p99_ms", ms(run.latency.quantile_ns(0.99))},
          {"p999_ms", ms(run.latency.quantile_ns(0.999))},
          {"max_ms", ms(run.latency.max_ns())},
          {"of_writer", ratio(result, report.find("writer"))},
          {"of_healthz", ratio(result, report.find("healthz"))},
          {"right", run.right},
          {"wrong", run.wrong},
          {"first_wrong", run.first_wrong},
          {"least_served", run.least},
          {"most_served", run.most}};
}

}  // namespace

const load::Outcome& BenchResult::median() const {
  std::vector<const load::Outcome*> order;
  for (const load::Outcome& run : runs) order.push_back(&run);
  const auto middle = order.begin() + static_cast<std::ptrdiff_t>(order.size() / 2);
  std::nth_element(order.begin(), middle, order.end(),
                   [](const load::Outcome* a, const load::Outcome* b) {
                     return a->per_second() < b->per_second();
                   });
  return **middle;
}

const BenchResult* BenchReport::find(std::string_view name) const {
  const auto found = std::find_if(results.begin(), results.end(),
                                  [&](const BenchResult& result) { return result.name == name; });
  return found == results.end() ? nullptr : &*found;
}

bool BenchReport::ok() const {
  const auto right = [](const BenchResult& result) {
    return std::all_of(result.runs.begin(), result.runs.end(),
                       [](const load::Outcome& run) { return run.wrong == 0; });
  };
  return verified && std::all_of(results.begin(), results.end(), right);
}

std::string as_table(const BenchReport& report) {
  std::string text = format("%-9s %9s %9s %9s %9s %9s %8s %8s\n", "kind", "per s", "p50 ms",
                            "p99 ms", "p99.9 ms", "max ms", "/writer", "/healthz");
  for (const BenchResult& result : report.results) text += table_row(report, result);
  for (const BenchResult& result : report.results) {
    for (const load::Outcome& run : result.runs) {
      if (run.wrong == 0) continue;
      text += format("%s: %llu wrong answers, the first: ", result.name.c_str(),
                     static_cast<unsigned long long>(run.wrong)) +
              run.first_wrong + "\n";
    }
  }
  text += format("%zu connections, medians of %zu runs of %.1f s, %lld users, %lld codes\n",
                 report.connections, report.results.empty() ? 0 : report.results[0].runs.size(),
                 report.seconds, static_cast<long long>(report.size.users),
                 static_cast<long long>(report.size.codes));
  text += format("start to ready %.0f ms, memory %.1f MiB after it and %.1f MiB after the runs\n",
                 report.ready_ms, static_cast<double>(report.memory_at_start_kib) / 1024,
                 static_cast<double>(report.memory_after_kib) / 1024);
  text += report.verified ? "verify: the books are in order\n"
                          : "verify: " + report.first_divergence + "\n";
  return text;
}

std::string as_json(const BenchReport& report) {
  ordered_json results = ordered_json::array();
  for (const BenchResult& result : report.results) results.push_back(result_json(report, result));
  const ordered_json whole = {{"users", report.size.users},
                              {"codes", report.size.codes},
                              {"connections", report.connections},
                              {"seconds", report.seconds},
                              {"results", results},
                              {"ready_ms", report.ready_ms},
                              {"memory_at_start_kib", report.memory_at_start_kib},
                              {"memory_after_kib", report.memory_after_kib},
                              {"verified", report.verified},
                              {"first_divergence", report.first_divergence}};
  return whole.dump(2) + "\n";
}

}  // namespace coupon::cli
