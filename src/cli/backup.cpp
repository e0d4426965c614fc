#include "coupond/store/backup.h"

#include <unistd.h>

#include <array>
#include <csignal>
#include <iostream>
#include <memory>

#include "coupond/store/restore.h"
#include "src/cli/command.h"
#include "src/cli/progress.h"

namespace coupon::cli {
namespace {

struct BackupInput {
  std::string data = "./coupond-data";
  std::string file;
  bool with_key = false;
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
       .checking = [&](std::int64_t now, std::int64_t total) { checking.show(now, total); }});
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
            << ". All sessions and holds are over.\n";
  if (report.key_from_backup) std::cout << "The key came with it.\n";
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

int restore(const BackupInput& input) {
  Progress checking("Verifying");
  const auto done = store::restore(
      store::DataPaths(input.data), input.file,
      {.checking = [&](std::int64_t now, std::int64_t total) { checking.show(now, total); }});
  if (!done.ok()) return fail(done.error());
  print(*done, input);
  return kDone;
}

CLI::App* add(CommandLine& line, const char* name, const char* about,
              const std::shared_ptr<BackupInput>& input, int (*run)(const BackupInput&)) {
  CLI::App* command = line.root.add_subcommand(name, about);
  add_data_option(*command, input->data);
  command->add_option("file", input->file, "The backup")->required();
  command->callback([&line, input, run] { line.chosen = [input, run] { return run(*input); }; });
  return command;
}

}  // namespace

void add_backup(CommandLine& line) {
  const auto input = std::make_shared<BackupInput>();
  CLI::App* made = add(line, "backup", "Copy the database to a file, while the server works or not",
                       input, back_up);
  made->add_flag("--with-key", input->with_key, "Put secret.key into the same file");
  made->footer(
      "The copy is verified before it gets its name.\n"
      "Example: coupond backup /media/stick/coupond.backup --with-key");
  CLI::App* back =
      add(line, "restore", "Put a backup in the place of the database", input, restore);
  back->footer(
      "Stop the server first. The database that was there is set aside, not deleted.\n"
      "All sessions and holds end.");
}

}  // namespace coupon::cli
