#include "src/cli/bench/bench_report.h"

#include <algorithm>
#include <array>
#include <cstdio>
#include <nlohmann/json.hpp>

namespace coupon::cli {
namespace {

using nlohmann::ordered_json;

constexpr std::array kLimits{"writer", "healthz"};

double ms(std::int64_t ns) { return static_cast<double>(ns) / 1e6; }

double ratio(const BenchResult& result, const BenchResult& limit) {
  const double most = limit.per_second();
  return most > 0 ? result.per_second() / most : 0;
}

template <class... Args>
std::string format(const char* pattern, Args... args) {
  std::string text(256, '\0');
  const int size = std::snprintf(text.data(), text.size(), pattern, args...);
  text.resize(std::min(text.size(), static_cast<std::size_t>(std::max(size, 0))));
  return text;
}

// A limit that was not measured has no column.
std::string ratio_column(const BenchReport& report, const BenchResult& result, const char* limit) {
  const BenchResult* found = report.find(limit);
  return found != nullptr ? format(" %8.2f", ratio(result, *found)) : std::string();
}

std::string table_head(const BenchReport& report) {
  std::string text =
      format("%-9s %9s %9s %9s %9s %9s", "kind", "per s", "p50 ms", "p99 ms", "p99.9 ms", "max ms");
  for (const char* limit : kLimits) {
    if (report.find(limit) != nullptr) text += format(" %8s", (std::string("/") + limit).c_str());
  }
  return text + "   KiB/op commits/op\n";
}

double per_operation(const BenchRun& run, std::int64_t count) {
  return run.outcome.right > 0 ? static_cast<double>(count) / static_cast<double>(run.outcome.right)
                               : 0;
}

std::string cost_columns(const BenchRun& run) {
  if (!run.cost) return format(" %8s %10s", "-", "-");
  return format(" %8.2f %10.3f", per_operation(run, run.cost->bytes) / 1024,
                per_operation(run, run.cost->commits));
}

std::string table_row(const BenchReport& report, const BenchResult& result) {
  const load::Outcome& run = result.median().outcome;
  std::string text =
      format("%-9s %9.0f %9.2f %9.2f %9.2f %9.2f", result.name.c_str(), run.per_second(),
             ms(run.latency.quantile_ns(0.5)), ms(run.latency.quantile_ns(0.99)),
             ms(run.latency.quantile_ns(0.999)), ms(run.latency.max_ns()));
  for (const char* limit : kLimits) text += ratio_column(report, result, limit);
  return text + cost_columns(result.median()) + "  " + result.about + "\n";
}

std::string wrong_answers(const BenchResult& result) {
  std::string text;
  for (const auto& [run, cost] : result.runs) {
    if (run.wrong == 0) continue;
    text += format("%s: %llu wrong answers, the first: ", result.name.c_str(),
                   static_cast<unsigned long long>(run.wrong)) +
            run.first_wrong + "\n";
  }
  return text;
}

std::string own_lines(const BenchOwn& own) {
  return format("start to ready %.0f ms, memory %.1f MiB after it and %.1f MiB after the runs\n",
                own.ready_ms, static_cast<double>(own.memory_at_start_kib) / 1024,
                static_cast<double>(own.memory_after_kib) / 1024) +
         (own.verified ? "verify: the books are in order\n"
                       : "verify: " + own.first_divergence + "\n");
}

std::string left_lines(const BenchLeft& left) {
  const std::string text = format("left on %s: %lld campaigns and %lld accounts, all named %s-…, ",
                                  left.url.c_str(), static_cast<long long>(left.campaigns),
                                  static_cast<long long>(left.users), left.name.c_str());
  if (left.untidy.empty()) return text + "archived and deactivated\n";
  return text + "not all of them archived and deactivated: " + left.untidy + "\n";
}

ordered_json result_json(const BenchReport& report, const BenchResult& result) {
  const load::Outcome& run = result.median().outcome;
  ordered_json rates = ordered_json::array();
  for (const BenchRun& one : result.runs) rates.push_back(one.outcome.per_second());
  ordered_json json = {{"name", result.name},
                       {"about", result.about},
                       {"per_second", run.per_second()},
                       {"runs_per_second", rates},
                       {"p50_ms", ms(run.latency.quantile_ns(0.5))},
                       {"p99_ms", ms(run.latency.quantile_ns(0.99))},
                       {"p999_ms", ms(run.latency.quantile_ns(0.999))},
                       {"max_ms", ms(run.latency.max_ns())}};
  for (const char* limit : kLimits) {
    const BenchResult* found = report.find(limit);
    if (found != nullptr) json[std::string("of_") + limit] = ratio(result, *found);
  }
  if (const auto& cost = result.median().cost) {
    json["bytes_per_operation"] = per_operation(result.median(), cost->bytes);
    json["commits_per_operation"] = per_operation(result.median(), cost->commits);
  }
  json.update({{"right", run.right},
               {"wrong", run.wrong},
               {"first_wrong", run.first_wrong},
               {"least_served", run.least},
               {"most_served", run.most}});
  return json;
}

ordered_json own_json(const BenchOwn& own) {
  return {{"ready_ms", own.ready_ms},
          {"memory_at_start_kib", own.memory_at_start_kib},
          {"memory_after_kib", own.memory_after_kib},
          {"verified", own.verified},
          {"first_divergence", own.first_divergence}};
}

ordered_json left_json(const BenchLeft& left) {
  return {{"url", left.url},
          {"name", left.name},
          {"campaigns", left.campaigns},
          {"users", left.users},
          {"untidy", left.untidy}};
}

ordered_json whole_json(const BenchReport& report) {
  ordered_json results = ordered_json::array();
  for (const BenchResult& result : report.results) results.push_back(result_json(report, result));
  ordered_json whole = {{"users", report.users},
                        {"codes", report.codes},
                        {"connections", report.connections},
                        {"seconds", report.seconds},
                        {"results", results}};
  if (report.own) whole.update(own_json(*report.own));
  if (report.left) whole["left"] = left_json(*report.left);
  return whole;
}

}  // namespace

const BenchRun& BenchResult::median() const {
  std::vector<const BenchRun*> order;
  for (const BenchRun& run : runs) order.push_back(&run);
  const auto middle = order.begin() + static_cast<std::ptrdiff_t>(order.size() / 2);
  std::nth_element(order.begin(), middle, order.end(), [](const BenchRun* a, const BenchRun* b) {
    return a->outcome.per_second() < b->outcome.per_second();
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
                       [](const BenchRun& run) { return run.outcome.wrong == 0; });
  };
  const bool in_order = (!own || own->verified) && (!left || left->untidy.empty());
  return in_order && std::all_of(results.begin(), results.end(), right);
}

std::string as_table(const BenchReport& report) {
  std::string text = table_head(report);
  for (const BenchResult& result : report.results) text += table_row(report, result);
  for (const BenchResult& result : report.results) text += wrong_answers(result);
  text += format("%zu connections, medians of %zu runs of %.1f s, %lld users, %lld codes\n",
                 report.connections, report.results.empty() ? 0 : report.results[0].runs.size(),
                 report.seconds, static_cast<long long>(report.users),
                 static_cast<long long>(report.codes));
  if (report.own) text += own_lines(*report.own);
  if (report.left) text += left_lines(*report.left);
  return text;
}

std::string as_table(const BenchReport& report, const BenchReport& other,
                     const std::string& program) {
  std::string text = "This build:\n" + as_table(report) + "\n" + program + ":\n" + as_table(other) +
                     "\nThis build, relative to " + program + ":\n" +
                     format("%-9s %9s %9s %9s\n", "kind", "rate", "p50", "p99");
  for (const BenchResult& result : report.results) {
    const load::Outcome& mine = result.median().outcome;
    const load::Outcome& theirs = other.find(result.name)->median().outcome;
    const auto relative = [&](double quantile) {
      return ms(mine.latency.quantile_ns(quantile)) /
             std::max(1e-6, ms(theirs.latency.quantile_ns(quantile)));
    };
    text += format("%-9s %9.2f %9.2f %9.2f\n", result.name.c_str(),
                   mine.per_second() / std::max(1e-6, theirs.per_second()), relative(0.5),
                   relative(0.99));
  }
  return text;
}

std::string as_json(const BenchReport& report) { return whole_json(report).dump(2) + "\n"; }

std::string as_json(const BenchReport& report, const BenchReport& other,
                    const std::string& program) {
  ordered_json whole = whole_json(report);
  whole["compared_with"] = {{"program", program}, {"report", whole_json(other)}};
  return whole.dump(2) + "\n";
}

}  // namespace coupon::cli
