// Brings a database that an older coupond made to schema.sql: once, at the first start of the newer
// program, or when an older backup is restored. Called by the owner of the directory's lock, while
// nothing else has the file open.
//
// A new file is made from schema.sql, the rows of the old one are copied into it table by table, it
// is verified like any backup, made durable, and takes the old one's name by one rename. The old
// file is never written (its log is moved into it first, no more) and stays as `coupond.db.v1`. So
// a kill at any moment leaves the old database or the new one, whole, under its name; the next
// start removes a half-made draft and begins again.
//
// How to change the schema:
//  1. Change schema.sql. Nothing else is needed when tables, indexes, triggers or CHECKs come, go
//     or change, when columns go or change places, or when a new column's DEFAULT (or NULL) is
//     right for old rows: columns are copied by their names.
//  2. When old rows need more, add a Step to kSteps in migrate.cpp: statements or a function, for
//     one table instead of the plain copy, or after all tables are filled. The new file is `main`,
//     the old one is attached as `old`; no trigger, no foreign key and no index but UNIQUE and
//     PRIMARY KEY is at work yet.
//  3. kSchemaVersion (database.h) is raised with the first change after a release, never within
//     one: version 2 stays open until it is released. With it comes the digest of the released
//     schema's text, in kReleased (migrate.cpp), and a file that release made, in tests/data.
#pragma once

#include <functional>
#include <optional>
#include <string>

#include "coupond/core/error.h"
#include "coupond/core/secrets.h"
#include "coupond/store/connection.h"

namespace coupon::store {

struct MigrateOptions {
  const core::Secrets& secrets;  // what the database belongs to
  bool keep_old = true;          // as `path`.v1; else it is replaced
  const char* vfs = nullptr;
  // What is done, how far it is, and where the old file lies.
  std::function<void(const std::string&)> notice = [](const std::string&) {};
};

// Whether the file is a database of ours that an older coupond made. Throws SQLite::Exception.
bool is_older(Connection& connection);

// Brings the database at `path` to this program's schema. Refused with one sentence, and then
// nothing is changed: no room, another key, another program has it open, a changed schema, or it
// contradicts its own ledger. Throws SQLite::Exception when it cannot be read.
std::optional<core::Error> migrate(const std::string& path, const MigrateOptions& options);

}  // namespace coupon::store
