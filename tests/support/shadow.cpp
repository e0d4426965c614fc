#include "tests/support/shadow.h"

#include <sqlite3.h>

#include <functional>

#include "coupond/core/bytes.h"
#include "coupond/core/hash.h"
#include "coupond/store/data_dir.h"
#include "coupond/store/database.h"
#include "coupond/store/inspect.h"

namespace coupon::test {
namespace {

// For statements that are made as they are needed.
void for_each_row(store::Connection& connection, const std::string& sql,
                  const std::function<void(sqlite3_stmt*)>& row) {
  sqlite3_stmt* statement = nullptr;
  sqlite3_prepare_v2(connection.handle(), sql.c_str(), -1, &statement, nullptr);
  while (sqlite3_step(statement) == SQLITE_ROW) row(statement);
  sqlite3_finalize(statement);
}

std::vector<std::string> texts(store::Connection& connection, const std::string& sql) {
  std::vector<std::string> out;
  for_each_row(connection, sql, [&](sqlite3_stmt* row) {
    out.emplace_back(reinterpret_cast<const char*>(sqlite3_column_text(row, 0)));
  });
  return out;
}

}  // namespace

std::string table_digests(store::Connection& connection) {
  std::string all = store::schema_text(connection);
  for (const std::string& table :
       texts(connection, "SELECT name FROM sqlite_schema WHERE type = 'table' ORDER BY name")) {
    std::string columns;
    for (const std::string& column :
         texts(connection, "SELECT name FROM pragma_table_info('" + table + "') ORDER BY cid")) {
      columns += (columns.empty() ? "quote(" : " || ',' || quote(") + column + ")";
    }
    core::Hasher hasher;
    std::int64_t rows = 0;
    for_each_row(
        connection, "SELECT " + columns + " AS row FROM " + table + " ORDER BY row",
        [&](sqlite3_stmt* row) {
          hasher.add(std::string_view(reinterpret_cast<const char*>(sqlite3_column_text(row, 0))));
          ++rows;
        });
    all += table + ": " + std::to_string(rows) + " rows, " +
           core::to_hex(hasher.finish()).substr(0, 16) + "\n";
  }
  return all;
}

std::string digests_in(const std::string& data) {
  const auto database = store::open_for_reading(store::DataPaths(data));
  if (!database.ok()) return database.error().message;
  return table_digests(**database);
}

Shadow::Shadow(const std::string& path, store::Verifier verifier)
    : connection_(path, store::Connection::Access::kReadWrite), verifier_(std::move(verifier)) {
  connection_.exec("PRAGMA synchronous = OFF");
}

store::ChangeSink::Stored Shadow::append(const store::ChangeRecord& record) {
  pending_ = store::encode(record);
  return Stored::kYes;
}

bool Shadow::take_back() {
  pending_.reset();
  return true;
}

void Shadow::committed() {
  const std::string bytes = *std::move(pending_);
  pending_.reset();
  if (lost_ || !fault_.empty()) return;
  records_.push_back(bytes);
  const auto record = store::decode(bytes);
  if (!record) {
    fault_ = "a record cannot be read";
    return;
  }
  if (!applier_) applier_ = std::make_unique<store::ChangeApplier>(connection_, verifier_);
  const auto applied = applier_->apply(*record);
  if (!applied.ok()) fault_ = applied.error().message;
}

std::string Shadow::compare(store::Connection& other) {
  if (lost_) return {};
  if (!fault_.empty()) return fault_;
  const std::string mine = table_digests(connection_);
  const std::string theirs = table_digests(other);
  return mine == theirs ? std::string() : "the shadow has\n" + mine + "not\n" + theirs;
}

}  // namespace coupon::test
