#include <iostream>
#include <memory>

#include "coupond/core/signing.h"
#include "coupond/store/audit.h"
#include "coupond/store/inspect.h"
#include "src/cli/command.h"
#include "src/cli/progress.h"

namespace coupon::cli {
namespace {

void print(const store::AuditReport& report) {
  if (!report.ok()) {
    std::cout << "First divergence: " << *report.first_divergence << "\n";
    return;
  }
  std::cout << "All agrees: " << report.entries << " ledger entries, " << report.campaigns
            << " campaigns, " << report.users << " users, " << report.coupons << " coupons, "
            << report.holds << " holds, " << report.redemptions << " redemptions.\n";
}

int verify(const std::string& data_dir) {
  const store::DataPaths paths(data_dir);
  const auto connection = store::open_for_reading(paths);
  if (!connection.ok()) return fail(connection.error(), kCouldNotStart);
  const auto secrets = core::Secrets::load(paths.key);
  if (!secrets.ok()) return fail(secrets.error(), kCouldNotStart);
  const core::CodeVault vault(*secrets);
  Progress progress("Verifying");
  store::AuditOptions options;
  options.verifier = [&](std::string_view message, const store::Signature& signature) {
    return core::signature_ok(secrets->checkpoint_key().public_key, message, signature);
  };
  options.vault = &vault;
  options.progress = [&](std::int64_t done, std::int64_t total) { progress.show(done, total); };
  try {
    const auto report = store::verify(**connection, options);
    print(report);
    return report.ok() ? kDone : kFailed;
  } catch (const std::exception& error) {
    return fail("The database " + paths.database + " cannot be read: " + error.what() +
                ". Restore a backup with `coupond restore FILE`.");
  }
}

}  // namespace

void add_verify(CommandLine& line) {
  const auto data_dir = std::make_shared<std::string>("./coupond-data");
  CLI::App* command = line.root.add_subcommand(
      "verify", "Derive every counter, balance and state from the ledger and compare");
  add_data_option(*command, *data_dir);
  command->footer("Reads only, and may run beside a server. Exit code 1 at the first divergence.");
  command->callback([&line, data_dir] { line.chosen = [data_dir] { return verify(*data_dir); }; });
}

}  // namespace coupon::cli
