#include "coupond/store/last_head.h"

#include <fcntl.h>
#include <unistd.h>

#include <array>
#include <cstdio>
#include <fstream>
#include <sstream>

#include "coupond/core/bytes.h"

namespace coupon::store {
namespace {

constexpr std::size_t kNumberWidth = 19;  // of the largest: every note is as long as the last

std::string padded(std::int64_t number) {
  std::string text = std::to_string(number);
  return std::string(kNumberWidth - std::min(kNumberWidth, text.size()), '0') + text;
}

}  // namespace

std::optional<LastHead> read_last_head(const DataPaths& paths) {
  std::ifstream file(paths.head);
  LastHead last;
  std::string hash;
  if (!(file >> last.instance >> last.restore_epoch >> last.seq.value >> hash)) return std::nullopt;
  const auto bytes = core::from_hex(hash);
  if (!bytes || bytes->size() != last.hash.size()) return std::nullopt;
  std::copy(bytes->begin(), bytes->end(), last.hash.begin());
  return last;
}

HeadNote::HeadNote(const DataPaths& paths, const DatabaseFacts& facts)
    : prefix_(facts.instance + " " + padded(facts.restore_epoch) + " "),
      file_(::open(paths.head.c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0600)) {}

void HeadNote::write(const LedgerHead& head) noexcept {
  try {
    const std::string line =
        prefix_ + padded(head.seq.value) + " " + core::to_hex(head.hash) + "\n";
    [[maybe_unused]] const ssize_t written = ::pwrite(file_.fd(), line.data(), line.size(), 0);
  } catch (const std::exception&) {
    // Out of memory.
  }
}

std::optional<std::string> lost_since(const LastHead& last, Connection& connection) {
  const DatabaseFacts facts = read_facts(connection);
  if (facts.instance != last.instance || facts.restore_epoch > last.restore_epoch) {
    return std::nullopt;
  }
  const LedgerHead head = last_entry(connection);
  if (head.seq < last.seq) {
    return "ends at ledger entry " + std::to_string(head.seq.value) +
           ", but operations up to entry " + std::to_string(last.seq.value) + " were acknowledged";
  }
  if (last.seq.value == 0) return std::nullopt;
  const auto row = ledger_row(connection, last.seq);
  if (row && row->hash == last.hash) return std::nullopt;
  return "has another ledger entry " + std::to_string(last.seq.value) +
         " than the one that was acknowledged";
}

}  // namespace coupon::store
