#include "coupond/store/backup.h"

#include <unistd.h>

#include <array>
#include <charconv>
#include <csignal>
#include <iostream>
#include <memory>

#include "coupond/core/time_text.h"
#include "coupond/store/restore.h"
#include "src/cli/command.h"
#include "src/cli/progress.h"

namespace coupon::cli {
namespace {

struct BackupInput {
  std::string data = "./coupond-data";
  std::string file;
  bool with_key = false;
  std::string until;  // a time or a ledger entry
  std::string key;    // a file
  bool as_copy = false;
};

// For the handler, which may do nothing but call the system.
std::array<std::string, store::kDraftEndings.size()> drafts;

void tidy_up_and_end(int signal) {
  for (const std::string& draft : drafts) ::unlink(draft.c_str());
  ::signal(signal, SIG_DFL);
  ::raise(signal);
}

void tidy_up_on_signals(const std::string& file) {
  for (std::size_t i = 0; i < drafts.size(); ++i) {
    drafts[i] = store::draft_of(file) + store::kDraftEndings[i];
  }
  for (const int signal : {SIGINT, SIGTERM, SIGHUP}) ::signal(signal, tidy_up_and_end);
  // One that is stopped half-way keeps a running server's log from being started anew.
  for (const int signal : {SIGTSTP, SIGTTIN, SIGTTOU}) ::signal(signal, SIG_IGN);
}

int back_up(const BackupInput& input) {
  const store::DataPaths paths(input.data);
  if (!store::exists(input.file)) tidy_up_on_signals(input.file);
  Progress copying("Copying");
  Progress checking("Verifying");
  const auto done = store::back_up(
      paths, input.file,
      {.with_key = input.with_key,
       .copying = [&](std::int64_t now, std::int64_t total) { copying.show(now, total); },
       .checking = [&](std::int64_t now, std::int64_t total) { checking.show(now, total); },
       .notice = [](const std::string& what) { std::cerr << "coupond: " << what << "\n"; }});
  if (!done.ok()) return fail(done.error());
  std::cout << "Backup " << input.file << " made and verified: " << done->bytes << " bytes, up to "
            << "ledger entry " << done->seq.value << ".\n";
  if (input.with_key) {
    std::cout << "It holds the key: whoever has this file can read every code in it.\n";
  } else {
    std::cout << "It does not hold the key. Keep a copy of " << paths.key
              << " elsewhere: without it no code in this backup can be read.\n";
  }
  return kDone;
}

void print(const store::RestoreReport& report, const BackupInput& input) {
  std::cout << "Restored " << input.file << " up to ledger entry " << report.seq.value
            << (input.as_copy ? " as a copy: start its server with --cluster.\n"
                              : ". All sessions and holds are over.\n");
  if (report.until) {
    std::cout << "The last change in it is of " << core::to_rfc3339(*report.until) << ".\n";
  }
  for (const std::string& note : report.notes) std::cout << note << "\n";
  if (report.key_from_backup && input.key.empty()) std::cout << "The key came with it.\n";
  if (report.lacks == 0) {
    std::cout << "It lacks nothing of the database that was there.\n";
  } else if (report.lacks == 1) {
    std::cout << "It lacks the last operation of the database that was there.\n";
  } else if (report.lacks) {
    std::cout << "It lacks the last " << *report.lacks
              << " operations of the database that was there.\n";
  }
  if (report.set_aside) std::cout << "That database is now " << *report.set_aside << ".\n";
  if (report.key_set_aside) std::cout << "Its key is now " << *report.key_set_aside << ".\n";
}

// An entry's number, or a time.
core::Result<store::Until> read_until(const std::string& text) {
  store::Until until;
  if (text.empty()) return until;
  core::Seq seq;
  const char* const last = text.data() + text.size();
  const auto [end, problem] = std::from_chars(text.data(), last, seq.value);
  if (problem == std::errc() && end == last) {
    until.seq = seq;
    return until;
  }
  const auto at = core::parse_time(text);
  if (!at.ok()) {
    return core::Error{.reason = core::Reason::kInvalidRequest,
                       .message =
                           "--until takes a time such as 2026-11-20T14:00:00Z or the number "
                           "of a ledger entry, not \"" +
                           text + "\"."};
  }
  until.at = *at;
  return until;
}

int restore(const BackupInput& input) {
  const auto until = read_until(input.until);
  if (!until.ok()) return fail(until.error(), kUsage);
  Progress checking("Verifying");
  const auto done = store::restore(
      store::DataPaths(input.data), input.file,
      {.until = *until,
       .key_file = input.key,
       .as_member = input.as_copy,
       .checking = [&](std::int64_t now, std::int64_t total) { checking.show(now, total); }});
  if (!done.ok()) return fail(done.error());
  print(*done, input);
  return kDone;
}

Command add(const Command& root, const char* name, const char* about,
            const std::shared_ptr<BackupInput>& input, int (*run)(const BackupInput&)) {
  const Command command = root.add_subcommand(name, about);
  command.add_data_option(input->data);
  command.add_option("file", input->file, "The backup").required();
  command.runs([input, run] { return run(*input); });
  return command;
}

}  // namespace

void add_backup(const Command& root) {
  const auto input = std::make_shared<BackupInput>();
  const Command made = add(
      root, "backup", "Copy the database to a file, while the server works or not", input, back_up);
  made.add_flag("--with-key", input->with_key, "Put secret.key into the same file");
  made.footer(
      "The copy is verified before it gets its name.\n"
      "Example: coupond backup /media/stick/coupond.backup --with-key");
  const Command back =
      add(root, "restore", "Put a backup in the place of the database", input, restore);
  back.add_option("--until", input->until,
                  "Of a copy that `serve --copy` made: the last moment to restore, as a time "
                  "(2026-11-20T14:00:00Z) or a ledger entry's number");
  back.add_option("--key", input->key, "The secret.key that belongs to it, when it lies elsewhere");
  back.add_flag("--as-copy", input->as_copy,
                "Of a cluster's leader: goes on as another member of the cluster, and nothing "
                "ends");
  back.footer(
      "The backup may be a file, or the directory of a copy that `serve --copy` made.\n"
      "Stop the server first. The database that was there is set aside, not deleted.\n"
      "All sessions and holds end.\n"
      "Example: coupond restore /mnt/copy --until 2026-11-20T14:00:00Z");
}

}  // namespace coupon::cli
