#include "src/store/roll_forward.h"

#include <SQLiteCpp/Exception.h>

#include <algorithm>

#include "coupond/core/time_text.h"
#include "coupond/store/database.h"
#include "coupond/store/soundness.h"

namespace coupon::store {
namespace {

using core::refuse;

std::string entry(const LedgerHead& head) { return std::to_string(head.seq.value); }

class Roll {
 public:
  Roll(Connection& connection, const std::string& directory, const core::Secrets& secrets,
       const Until& until)
      : until_(until),
        directory_(directory),
        applier_(connection, key_check(secrets).verifier),
        reader_(directory, change_key(secrets), read_facts(connection).restore_epoch,
                change_position(connection)),
        rolled_{.head = last_entry(connection), .at = {}, .notes = {}} {}

  core::Result<RolledForward> run() {
    using Found = CopyReader::Found;
    ChangeRecord record;
    while (true) {
      const auto found = reader_.next(record);
      if (!found.ok()) return found.error();
      if (*found == Found::kMissing || *found == Found::kDamaged) return ends_early(*found);
      if (*found != Found::kRecord) return ends(*found == Found::kTorn);
      if (!until_.includes(record.after.seq, record.at)) return stops_before(record);
      const auto applied = applier_.apply(record);
      if (!applied.ok()) {
        return refuse("The copy in " + directory_ +
                      " cannot be played back: " + applied.error().message);
      }
      rolled_.head = record.after;
      rolled_.at = record.at;
    }
  }

 private:
  core::Result<RolledForward> stops_before(const ChangeRecord& record) {
    if (until_.seq && record.before.seq < *until_.seq) {
      rolled_.notes.push_back("Entry " + std::to_string(until_.seq->value) +
                              " was made together with those up to " + entry(record.after) +
                              ", and only all of them could be restored.");
    }
    return rolled_;
  }

  core::Result<RolledForward> ends(bool torn) {
    if (until_.seq && rolled_.head.seq < *until_.seq) {
      return refuse("The copy in " + directory_ + " ends at ledger entry " + entry(rolled_.head) +
                    ", before entry " + std::to_string(until_.seq->value) + ".");
    }
    if (torn) {
      rolled_.notes.push_back(
          "The last change in the copy is not whole, as when it was written while the power went "
          "or while it was carried away: it is left out.");
    }
    return rolled_;
  }

  // What follows is there, so nobody should think that it is all.
  core::Result<RolledForward> ends_early(CopyReader::Found found) {
    const std::string change = "change " + std::to_string(reader_.position() + 1);
    const bool missing = found == CopyReader::Found::kMissing;
    return refuse("In the copy " + directory_ + " " + change +
                  (missing ? " is missing" : " is damaged (" + reader_.path() + ")") +
                  ", and later ones are there. What comes before it can be restored with --until " +
                  entry(rolled_.head) + ".");
  }

  const Until& until_;
  const std::string& directory_;
  ChangeApplier applier_;
  CopyReader reader_;
  RolledForward rolled_;
};

}  // namespace

core::Result<std::vector<CopyPart>> bases_in(const std::string& directory) {
  auto parts = look_at_copy(directory);
  if (!parts.ok()) return parts.error();
  if (parts->bases.empty()) {
    return refuse("There is no base in " + directory +
                  ": it is no copy that `serve --copy` made, or was carried away before the first "
                  "base was there.");
  }
  std::reverse(parts->bases.begin(), parts->bases.end());
  return std::move(parts->bases);
}

core::Result<RolledForward> roll_forward(const std::string& database, const std::string& directory,
                                         const core::Secrets& secrets, const Until& until) {
  try {
    Connection connection(database, Connection::Access::kReadWrite);
    // Whoever asked makes the file durable when all of it is there.
    connection.exec("PRAGMA journal_mode = MEMORY");
    connection.exec("PRAGMA synchronous = OFF");
    return Roll(connection, directory, secrets, until).run();
  } catch (const SQLite::Exception& error) {
    return refuse("The copy in " + directory + " cannot be played back: " + error.what() + ".");
  }
}

}  // namespace coupon::store
