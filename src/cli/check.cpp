#include <sys/stat.h>

#include <iostream>
#include <memory>

#include "coupond/core/count_text.h"
#include "coupond/core/limits.h"
#include "coupond/core/secrets.h"
#include "coupond/service/naming.h"
#include "coupond/store/ballast.h"
#include "coupond/store/data_dir.h"
#include "coupond/store/database.h"
#include "coupond/store/inspect.h"
#include "coupond/store/ledger.h"
#include "coupond/store/loss.h"
#include "coupond/store/server_time.h"
#include "coupond/store/soundness.h"
#include "src/cli/command.h"

namespace coupon::cli {
namespace {

// One line each; false once one was bad.
class Report {
 public:
  void line(bool good, const std::string& text) {
    std::cout << (good ? "ok    " : "FAIL  ") << text << "\n";
    good_ = good_ && good;
  }
  // Neither good nor bad: the owner has to know which.
  void note(const std::string& text) { std::cout << "LOOK  " << text << "\n"; }
  bool good() const { return good_; }

 private:
  bool good_ = true;
};

void check_owner_only(Report& report, const store::DataPaths& paths) {
  for (const std::string& path : {paths.database, paths.key, paths.lock}) {
    struct stat info = {};
    if (::stat(path.c_str(), &info) != 0) continue;
    const bool open = (info.st_mode & 077) != 0;
    report.line(!open, path + (open ? " can be read by others: chmod 600 " + path
                                    : " is its owner's alone"));
  }
}

void check_list(Report& report, const store::DataPaths& paths, store::Connection& connection) {
  const auto secrets = core::Secrets::load(paths.key);
  if (!secrets.ok()) return report.line(false, secrets.error().message);
  store::check_soundness(connection, store::key_check(*secrets),
                         [&](const char* item, const std::optional<std::string>& fault) {
                           const std::string what = paths.database + ", its " + item;
                           report.line(!fault,
                                       what + (fault ? ": " + *fault : ": as it should be"));
                           return true;
                         });
}

// Made by an older version. No fault, because no command takes one for the other any more.
void tell_names(store::Connection& connection) {
  constexpr std::size_t kShown = 20;
  auto names = service::names_like_ids(connection, kShown + 1);
  for (auto& alike : service::names_alike(connection, kShown + 1))
    names.push_back(std::move(alike));
  if (names.size() > kShown) {
    names.resize(kShown);
    names.emplace_back("and more");
  }
  for (const std::string& line : names) std::cout << "note  " << line << "\n";
}

void check_database(Report& report, const store::DataPaths& paths) {
  const auto connection = store::open_for_reading(paths);
  if (!connection.ok()) return report.line(false, connection.error().message);
  try {
    const auto damage = store::find_damage(**connection);
    report.line(!damage, damage ? paths.database + " is damaged: " + *damage
                                : paths.database + " is whole, page by page");
    check_list(report, paths, **connection);
    const auto odd = store::odd_clock(core::system_clock_now(), store::last_entry(**connection).at);
    if (odd) report.note(*odd);
    tell_names(**connection);
  } catch (const std::exception& error) {
    report.line(false, paths.database + " cannot be read: " + error.what());
  }
}

void check_disk(Report& report, const store::DataPaths& paths) {
  const std::uint64_t free_bytes = store::free_bytes(paths);
  const bool good = free_bytes >= core::limits::kDiskFreeMinBytes;
  std::string text = std::to_string(free_bytes >> 20) + " MiB are free";
  if (!good) text += ", fewer than 64: make room";
  if (!good && store::exists(paths.ballast)) text += ", or delete " + paths.ballast;
  report.line(good, text);
}

// A running server's log changes while it is read, and says nothing of what is lost.
void check_log(Report& report, const store::DataPaths& paths, bool in_full) {
  const auto loss = store::find_loss(paths);
  if (loss.sentence) report.line(false, *loss.sentence);
  if (!in_full) return;
  const store::LogScan& log = loss.log;
  std::string text = "the log holds " + core::count_text(log.commits, "transaction") + " in " +
                     core::count_text(log.frames, "frame");
  if (log.bad_frame != 0) {
    text += "; frame " + std::to_string(log.bad_frame) + " is bad, with " +
            core::count_text(log.commits_behind, "transaction") + " behind it";
    if (!log.lost) text += ", as a power cut may leave one that was not acknowledged";
  }
  report.line(!log.lost, text);
}

void check_directory(Report& report, const store::DataPaths& paths) {
  if (const auto error = store::open_to_others(paths)) report.line(false, error->message);
  if (const auto shared = store::open_to_a_group(paths)) report.note(*shared);
}

struct CheckInput {
  std::string data = "./coupond-data";
  bool log = false;
};

int check(const CheckInput& input) {
  const store::DataPaths paths(input.data);
  Report report;
  const int holder = store::DataLock::holder(paths);
  check_directory(report, paths);
  check_owner_only(report, paths);
  check_database(report, paths);
  if (holder == 0) check_log(report, paths, input.log);
  check_disk(report, paths);
  std::cout << "      "
            << (holder ? "a server works on it, process " + std::to_string(holder)
                       : std::string("no server works on it"))
            << "\n";
  return report.good() ? kDone : kFailed;
}

}  // namespace

void add_check(const Command& root) {
  const auto input = std::make_shared<CheckInput>();
  const Command command =
      root.add_subcommand("check", "Look whether a data directory is sound: files, key, disk");
  command.add_data_option(input->data);
  command.add_flag("--log", input->log, "Tell of the write-ahead log, while no server works on it");
  command.footer("Reads only, and may run beside a server. What the figures say, `verify` checks.");
  command.runs([input] { return check(*input); });
}

}  // namespace coupon::cli
