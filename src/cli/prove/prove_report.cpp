#include "src/cli/prove/prove_report.h"

#include <linux/magic.h>
#include <sys/utsname.h>
#include <sys/vfs.h>

#include <cstdio>
#include <nlohmann/json.hpp>
#include <thread>

#include "coupond_version.h"

namespace coupon::cli {
namespace {

using OrderedJson = nlohmann::ordered_json;

constexpr long kXfs = 0x58465342;
constexpr long kZfs = 0x2fc12fc1;

std::string file_system_name(const std::string& directory) {
  struct statfs facts {};
  if (::statfs(directory.c_str(), &facts) != 0) return "unknown";
  switch (facts.f_type) {
    case EXT4_SUPER_MAGIC:
      return "ext4";
    case BTRFS_SUPER_MAGIC:
      return "btrfs";
    case TMPFS_MAGIC:
      return "tmpfs";
    case OVERLAYFS_SUPER_MAGIC:
      return "overlayfs";
    case NFS_SUPER_MAGIC:
      return "nfs";
    case kXfs:
      return "xfs";
    case kZfs:
      return "zfs";
  }
  char text[32];
  std::snprintf(text, sizeof text, "type 0x%lx", static_cast<unsigned long>(facts.f_type));
  return text;
}

constexpr char kNotTried[] =
    "Not tried here: a power cut. A killed process leaves its writes with the kernel; tests/crash\n"
    "of the source cuts the power of a disk in memory, and slows a real one down with strace.\n";

// What can be said of answers that wait for the disk.
std::string about_disk(const DiskCheck& disk) {
  char text[200];
  std::snprintf(text, sizeof text,
                "The quickest of many acknowledged writes took %.0f µs, the quickest bare sync of "
                "this\ndisk %.0f µs: ",
                disk.answer_us, disk.sync_us);
  const char* meaning = "answers wait for the disk.";
  if (!disk.tells()) meaning = "too quick to tell whether answers wait for it.";
  if (disk.broken()) meaning = "answers do not wait for the disk.";
  return std::string(text) + meaning + "\n";
}

std::string sqlite_version() {
  for (const LibraryVersion& library : kLibraries) {
    if (library.name == "SQLite") return std::string(library.version);
  }
  return "unknown";
}

std::string percent(double share) {
  char text[32];
  std::snprintf(text, sizeof text, "%.2g %%", share * 100);
  return text;
}

}  // namespace

ProveMachine this_machine(const std::string& directory) {
  utsname name{};
  ::uname(&name);
  return {.processors = std::thread::hardware_concurrency(),
          .kernel = std::string(name.sysname) + " " + name.release,
          .file_system = file_system_name(directory)};
}

std::string conclusion(const ProveReport& report) {
  const ProveCounts& counts = report.counts;
  if (!counts.violations.empty()) {
    return std::to_string(counts.violations.size()) + " violations: the promises do not hold here.";
  }
  const std::string cycles = std::to_string(counts.cycles);
  if (counts.cycles == 0) return "Nothing was tried to its end, so nothing can be said.";
  const std::string sentence =
      "0 failures in " + cycles + " cycles bounds the failure rate below 3/" + cycles;
  // Below three tries the bound says nothing.
  if (counts.cycles <= 3) return sentence + ", which is no bound yet: run it for longer.";
  return sentence + " (" + percent(3.0 / static_cast<double>(counts.cycles)) +
         ") at 95 % confidence.";
}

std::string as_text(const ProveReport& report) {
  const ProveCounts& counts = report.counts;
  std::string text = "coupond prove, version " + std::string(kVersion) + "\n\n";
  const auto line = [&](std::int64_t figure, const char* what) {
    char row[120];
    std::snprintf(row, sizeof row, "%10lld  %s\n", static_cast<long long>(figure), what);
    text += row;
  };
  line(counts.cycles, "times killed under load with kill -9 and started again");
  line(counts.startup_kills, "times killed during that start, too");
  line(counts.races, "races of 16 clients for one code, or for 77 tokens");
  line(counts.acknowledged, "operations acknowledged: each is there, once");
  line(counts.refused, "operations refused: none of them happened");
  line(counts.unknown, "operations without an answer: each happened at most once");
  line(counts.cycles, "times every counter and state was derived from the ledger again");
  line(static_cast<std::int64_t>(counts.violations.size()), "violations");
  for (const std::string& violation : counts.violations) text += "            " + violation + "\n";
  if (!report.broken_off.empty()) text += "\nBroken off: " + report.broken_off + "\n";
  text += "\n" + conclusion(report) + "\n\n";
  if (counts.disk.answer_us > 0) text += about_disk(counts.disk);
  text += kNotTried;
  char where[200];
  std::snprintf(where, sizeof where, "\nseed %llu, %.0f s, %u processors, %s, %s, SQLite %s\n",
                static_cast<unsigned long long>(report.seed), report.seconds,
                report.machine.processors, report.machine.kernel.c_str(),
                report.machine.file_system.c_str(), sqlite_version().c_str());
  return text + where;
}

std::string as_json(const ProveReport& report) {
  const ProveCounts& counts = report.counts;
  return OrderedJson{{"ok", report.ok()},
                     {"version", kVersion},
                     {"sqlite_version", sqlite_version()},
                     {"seed", report.seed},
                     {"seconds", report.seconds},
                     {"cycles", counts.cycles},
                     {"startup_kills", counts.startup_kills},
                     {"races", counts.races},
                     {"acknowledged", counts.acknowledged},
                     {"refused", counts.refused},
                     {"unknown", counts.unknown},
                     {"violations", counts.violations},
                     {"disk",
                      {{"sync_us", counts.disk.sync_us},
                       {"answer_us", counts.disk.answer_us},
                       {"tells", counts.disk.tells()}}},
                     {"broken_off", report.broken_off},
                     {"conclusion", conclusion(report)},
                     {"machine",
                      {{"processors", report.machine.processors},
                       {"kernel", report.machine.kernel},
                       {"file_system", report.machine.file_system}}}}
             .dump(2) +
         "\n";
}

}  // namespace coupon::cli
