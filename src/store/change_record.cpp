#include "coupond/store/change_record.h"

#include <SQLiteCpp/Exception.h>
#include <sqlite3.h>

#include <vector>

#include "coupond/store/database.h"
#include "src/store/chain_check.h"
#include "src/store/divergence.h"
#include "src/store/packing.h"
#include "src/store/recorder.h"

namespace coupon::store {
namespace {

constexpr std::string_view kFormat = "change 1";
// A record's texts are few; one that is full of others would have us keep them all.
constexpr std::size_t kStatementsHeld = 1000;

constexpr char kPosition[] = "SELECT position FROM change_position WHERE only_row = 1";
constexpr char kVersionOf[] = "PRAGMA user_version";
constexpr char kBegin[] = "BEGIN IMMEDIATE";
constexpr char kCommit[] = "COMMIT";
constexpr char kRollback[] = "ROLLBACK";

std::int64_t version_of(Connection& connection) {
  Query query(connection, kVersionOf);
  query.next();
  return query.integer(0);
}

void pack_head(std::string& to, const LedgerHead& head) {
  pack_signed(to, head.seq.value);
  pack_signed(to, head.at.value);
  pack(to, core::as_text(head.hash));
}

bool unpack_head(std::string_view& from, LedgerHead& head) {
  std::string_view hash;
  if (!unpack_signed(from, head.seq.value) || !unpack_signed(from, head.at.value) ||
      !unpack(from, hash) || hash.size() != head.hash.size()) {
    return false;
  }
  std::copy(hash.begin(), hash.end(), head.hash.begin());
  return true;
}

std::string named(const ChangeRecord& record) {
  return "change " + std::to_string(record.position);
}

}  // namespace

std::string encode(const ChangeRecord& record) {
  std::string bytes;
  bytes.reserve(record.statements.size() + 256);
  pack(bytes, kFormat);
  pack(bytes, std::string_view(record.instance));
  pack_signed(bytes, record.restore_epoch);
  pack_signed(bytes, record.schema);
  pack_signed(bytes, record.position);
  pack_signed(bytes, record.at.value);
  pack_head(bytes, record.before);
  pack_head(bytes, record.after);
  pack(bytes, std::string_view(record.statements));
  return bytes;
}

std::optional<ChangeRecord> decode(std::string_view bytes) {
  ChangeRecord record;
  std::string_view format;
  std::string_view instance;
  std::string_view statements;
  const bool good = unpack(bytes, format) && format == kFormat && unpack(bytes, instance) &&
                    unpack_signed(bytes, record.restore_epoch) &&
                    unpack_signed(bytes, record.schema) && unpack_signed(bytes, record.position) &&
                    unpack_signed(bytes, record.at.value) && unpack_head(bytes, record.before) &&
                    unpack_head(bytes, record.after) && unpack(bytes, statements) && bytes.empty();
  if (!good) return std::nullopt;
  record.instance = instance;
  record.statements = statements;
  return record;
}

std::int64_t change_position(Connection& connection) {
  Query query(connection, kPosition);
  return query.next() ? query.integer(0) : 0;
}

struct ChangeApplier::Statement {
  explicit Statement(sqlite3_stmt* made) : statement(made) {}
  ~Statement() { sqlite3_finalize(statement); }
  Statement(const Statement&) = delete;
  Statement& operator=(const Statement&) = delete;
  sqlite3_stmt* const statement;
};

ChangeApplier::ChangeApplier(Connection& connection, Verifier verifier)
    : connection_(connection),
      verifier_(std::move(verifier)),
      instance_(read_facts(connection).instance),
      restore_epoch_(read_facts(connection).restore_epoch),
      schema_(version_of(connection)) {}

ChangeApplier::~ChangeApplier() = default;

core::Result<core::Done> ChangeApplier::apply(const ChangeRecord& record) {
  std::string fault;
  try {
    Query(connection_, kBegin).run();
    check_place(record);
    run_all(record);
    check_outcome(record);
    Query(connection_, kCommit).run();
    return core::Done{};
  } catch (const Divergence& divergence) {
    fault = divergence.sentence;
  } catch (const SQLite::Exception& error) {
    fault = named(record) + " cannot be applied: " + error.what();
  }
  if (connection_.in_transaction()) Query(connection_, kRollback).run();
  return core::Error{.reason = core::Reason::kInternal, .message = std::move(fault)};
}

void ChangeApplier::check_place(const ChangeRecord& record) {
  const std::string change = named(record);
  if (record.instance != instance_) {
    throw Divergence{change + " is another shop's: instance " + record.instance + ", not " +
                     instance_};
  }
  if (record.restore_epoch != restore_epoch_) {
    throw Divergence{change + " is of restore epoch " + std::to_string(record.restore_epoch) +
                     ", the database of " + std::to_string(restore_epoch_)};
  }
  if (record.schema != schema_) {
    throw Divergence{change + " is for schema " + std::to_string(record.schema) +
                     ", the database has " + std::to_string(schema_)};
  }
  const std::int64_t position = change_position(connection_);
  if (record.position <= position) {
    throw Divergence{change + " is in the database already, which is at change " +
                     std::to_string(position)};
  }
  if (record.position != position + 1) {
    throw Divergence{"change " + std::to_string(position + 1) + " is missing: the next one is " +
                     std::to_string(record.position)};
  }
  const LedgerHead head = last_entry(connection_);
  if (head.seq == record.before.seq && head.hash == record.before.hash) return;
  throw Divergence{change + " goes on from another ledger: from entry " +
                   std::to_string(record.before.seq.value) + ", the database ends at entry " +
                   std::to_string(head.seq.value)};
}

void ChangeApplier::run_all(const ChangeRecord& record) {
  RecordReader reader(record.statements);
  std::vector<std::string_view> texts;
  if (!reader.read_texts(texts)) throw Divergence{named(record) + " cannot be read"};
  RecordedRun run;
  while (!reader.done()) {
    if (!reader.read_run(run) || run.text >= texts.size()) {
      throw Divergence{named(record) + " cannot be read"};
    }
    sqlite3_stmt* statement = prepared(texts[run.text]).statement;
    if (!RecordReader::bind(statement, run)) {
      throw Divergence{named(record) + " holds values that are none"};
    }
    int code = SQLITE_ROW;
    while (code == SQLITE_ROW) code = sqlite3_step(statement);
    const std::int64_t rows = connection_.changes();
    if (code != SQLITE_DONE) {
      const SQLite::Exception error(connection_.handle(), code);
      sqlite3_reset(statement);
      throw error;
    }
    sqlite3_reset(statement);
    sqlite3_clear_bindings(statement);
    if (run.rows == Recorder::kNotTold || rows == run.rows) continue;
    throw Divergence{named(record) + " changes " + std::to_string(rows) +
                     " rows where it changed " + std::to_string(run.rows)};
  }
}

void ChangeApplier::check_outcome(const ChangeRecord& record) {
  if (change_position(connection_) != record.position) {
    throw Divergence{named(record) + " leaves the database at change " +
                     std::to_string(change_position(connection_))};
  }
  ChainCheck chain(record.before);
  for_each_entry(connection_, record.before.seq, last_entry(connection_).seq,
                 [&](const LedgerRow& row) {
                   chain.see(row);
                   return true;
                 });
  const LedgerHead& head = chain.head();
  if (head.seq != record.after.seq || head.hash != record.after.hash) {
    throw Divergence{named(record) + " leaves the ledger at entry " +
                     std::to_string(head.seq.value) + ", not as it was left at entry " +
                     std::to_string(record.after.seq.value)};
  }
  if (record.after.seq != record.before.seq) chain.finish(connection_, verifier_);
}

ChangeApplier::Statement& ChangeApplier::prepared(std::string_view sql) {
  const auto known = statements_.find(sql);
  if (known != statements_.end()) return *known->second;
  if (statements_.size() >= kStatementsHeld) statements_.clear();
  sqlite3_stmt* made = nullptr;
  const int code =
      sqlite3_prepare_v3(connection_.handle(), sql.data(), static_cast<int>(sql.size()),
                         SQLITE_PREPARE_PERSISTENT, &made, nullptr);
  auto statement = std::make_unique<Statement>(made);
  if (code != SQLITE_OK) throw SQLite::Exception(connection_.handle(), code);
  if (made == nullptr) throw Divergence{"a change record holds a statement that is none"};
  return *statements_.emplace(std::string(sql), std::move(statement)).first->second;
}

}  // namespace coupon::store
