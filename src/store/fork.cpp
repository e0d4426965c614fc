#include "coupond/store/fork.h"

#include <SQLiteCpp/Exception.h>

#include <algorithm>

#include "coupond/core/time_text.h"
#include "coupond/store/data_dir.h"
#include "coupond/store/database.h"
#include "coupond/store/ledger.h"
#include "src/store/files.h"
#include "src/store/roll_forward.h"

namespace coupon::store {
namespace {

using core::refuse;

// The file in which the other's ledger is.
core::Result<std::string> file_of(const std::string& other, const core::Secrets& secrets,
                                  const std::string& scratch) {
  if (!exists(other)) return refuse("There is no " + other + ".");
  const DataPaths data(other);
  if (has_database(data)) return data.database;
  const auto parts = look_at_copy(other);
  if (!parts.ok() || parts->bases.empty()) return other;
  if (auto error = copy_private_file(parts->bases.back().path, scratch)) return *error;
  const auto rolled = roll_forward(scratch, other, secrets, {});
  if (!rolled.ok()) return rolled.error();
  return scratch;
}

bool same_at(Connection& a, Connection& b, std::int64_t seq) {
  const auto first = ledger_row(a, {seq});
  const auto second = ledger_row(b, {seq});
  return first && second && first->hash == second->hash;
}

// Each hash covers all before it: so what is the same is a beginning.
std::int64_t last_same(Connection& a, Connection& b, std::int64_t end) {
  std::int64_t same = 0;
  while (same < end) {
    const std::int64_t middle = same + (end - same + 1) / 2;
    if (same_at(a, b, middle)) {
      same = middle;
    } else {
      end = middle - 1;
    }
  }
  return same;
}

std::string described(Connection& connection, std::int64_t seq) {
  const auto row = ledger_row(connection, {seq});
  return row->operation + " of " + core::to_rfc3339(row->at);
}

std::string epochs(std::int64_t here, std::int64_t there) {
  if (here == there) return " Both are of restore epoch " + std::to_string(here) + ".";
  return " Here it is restore epoch " + std::to_string(here) + ", there " + std::to_string(there) +
         ": the one of the lower epoch is the older shop, and is not to be served.";
}

LedgerComparison compare(Connection& mine, Connection& theirs) {
  const std::int64_t here = last_entry(mine).seq.value;
  const std::int64_t there = last_entry(theirs).seq.value;
  const std::int64_t same = last_same(mine, theirs, std::min(here, there));
  if (same == std::min(here, there)) {
    std::string text =
        "Against the other: the same ledger up to entry " + std::to_string(same) + ".";
    if (here > same) text += " This one goes on to entry " + std::to_string(here) + ".";
    if (there > same) text += " The other goes on to entry " + std::to_string(there) + ".";
    return {.one_way = true, .sentence = std::move(text)};
  }
  const std::int64_t fork = same + 1;
  return {.one_way = false,
          .sentence = "The ledgers fork at entry " + std::to_string(fork) + ": here it is " +
                      described(mine, fork) + ", there " + described(theirs, fork) + "." +
                      epochs(read_facts(mine).restore_epoch, read_facts(theirs).restore_epoch)};
}

}  // namespace

core::Result<LedgerComparison> compare_ledgers(Connection& mine, const std::string& other,
                                               const core::Secrets& secrets,
                                               const std::string& scratch) {
  const auto file = file_of(other, secrets, scratch);
  if (!file.ok()) return file.error();
  try {
    Connection theirs(*file, Connection::Access::kReadOnly);
    if (read_facts(theirs).instance != read_facts(mine).instance) {
      return refuse(other + " is another shop's.");
    }
    return compare(mine, theirs);
  } catch (const SQLite::Exception& error) {
    return refuse(other + " is no backup, data directory or copy of coupond: " + error.what() +
                  ".");
  }
}

}  // namespace coupon::store
