#include <algorithm>
#include <fstream>
#include <iostream>
#include <memory>
#include <nlohmann/json.hpp>
#include <sstream>

#include "coupond/app/temporary_directory.h"
#include "coupond/core/bytes.h"
#include "coupond/core/clock.h"
#include "coupond/core/count_text.h"
#include "coupond/core/signing.h"
#include "coupond/core/time_text.h"
#include "coupond/http/json.h"
#include "coupond/store/audit.h"
#include "coupond/store/fork.h"
#include "coupond/store/inspect.h"
#include "coupond/store/upkeep_notes.h"
#include "src/cli/command.h"
#include "src/cli/progress.h"

namespace coupon::cli {
namespace {

void print(const store::AuditReport& report) {
  if (!report.ok()) {
    std::cout << "First divergence: " << *report.first_divergence << "\n";
    return;
  }
  using core::count_text;
  std::cout << "All agrees: " << count_text(report.entries, "ledger entry", "ledger entries")
            << ", " << count_text(report.campaigns, "campaign") << ", "
            << count_text(report.users, "user") << ", " << count_text(report.coupons, "coupon")
            << ", " << count_text(report.holds, "hold") << ", "
            << count_text(report.redemptions, "redemption") << ".\n";
  if (report.steps_back == 0) return;
  std::cout << "Time went back " << count_text(report.steps_back, "time") << " between entries, by "
            << core::duration_text(report.longest_step_back_ms)
            << " at most: the clock was put right, or is wrong since.\n";
}

struct VerifyInput {
  std::string data = "./coupond-data";
  std::string head;     // a file
  std::string against;  // a backup, a data directory or a copy
};

template <std::size_t N>
bool read_hex(const http::Json& json, const char* name, core::Block<N>& block) {
  if (!json.contains(name) || !json.at(name).is_string()) return false;
  const auto bytes = core::from_hex(json.at(name).get<std::string>());
  if (!bytes || bytes->size() != N) return false;
  std::copy(bytes->begin(), bytes->end(), block.begin());
  return true;
}

core::Result<store::KeptHead> read_kept(const std::string& file) {
  std::ifstream in(file);
  std::ostringstream text;
  text << in.rdbuf();
  store::KeptHead kept;
  const auto json = http::parse_json(text.str(), {.bytes_max = 4096, .depth_max = 4});
  const bool good = in && json.ok() && json->is_object() && json->contains("seq") &&
                    json->at("seq").is_number_integer() && read_hex(*json, "hash", kept.hash) &&
                    read_hex(*json, "signature", kept.signature);
  if (!good) {
    return core::Error{
        .reason = core::Reason::kInvalidRequest,
        .message = "The file " + file + " is not what GET /api/v1/ledger/checkpoint answered."};
  }
  kept.seq.value = json->at("seq").get<std::int64_t>();
  return kept;
}

int compare(const VerifyInput& input, store::Connection& mine, const core::Secrets& secrets) {
  const app::TemporaryDirectory scratch("verify");
  const auto compared =
      store::compare_ledgers(mine, input.against, secrets, scratch.path() + "/other.db");
  if (!compared.ok()) return fail(compared.error());
  std::cout << compared->sentence << "\n";
  return compared->one_way ? kDone : kFailed;
}

int verify(const VerifyInput& input) {
  const store::DataPaths paths(input.data);
  const auto connection = store::open_for_reading(paths);
  if (!connection.ok()) return fail(connection.error(), kCouldNotStart);
  const auto secrets = core::Secrets::load(paths.key);
  if (!secrets.ok()) return fail(secrets.error(), kCouldNotStart);
  const core::CodeVault vault(*secrets);
  Progress progress("Verifying");
  store::AuditOptions options = store::audit_options(*secrets);
  options.vault = &vault;
  if (!input.head.empty()) {
    const auto kept = read_kept(input.head);
    if (!kept.ok()) return fail(kept.error(), kUsage);
    options.kept = *kept;
  }
  options.progress = [&](std::int64_t done, std::int64_t total) { progress.show(done, total); };
  try {
    const auto report = store::verify(**connection, options);
    print(report);
    store::note_verify(paths, {.at = core::system_clock_now(),
                               .entries = report.entries,
                               .divergence = report.first_divergence.value_or("")});
    if (!report.ok()) return kFailed;
    return input.against.empty() ? kDone : compare(input, **connection, *secrets);
  } catch (const std::exception& error) {
    return fail("The database " + paths.database + " cannot be read: " + error.what() +
                ". Restore a backup with `coupond restore FILE`.");
  }
}

}  // namespace

void add_verify(const Command& root) {
  const auto input = std::make_shared<VerifyInput>();
  const Command command = root.add_subcommand(
      "verify", "Derive every counter, balance and state from the ledger and compare");
  command.add_data_option(input->data);
  command.add_option(
      "--head", input->head,
      "A kept answer of GET /api/v1/ledger/checkpoint: the ledger must go on from it");
  command.add_option(
      "--against", input->against,
      "A backup, another data directory or a copy's directory: where the ledgers fork, if they do");
  command.footer("Reads only, and may run beside a server. Exit code 1 at the first divergence.");
  command.runs([input] { return verify(*input); });
}

}  // namespace coupon::cli
