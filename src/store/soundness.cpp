#include "coupond/store/soundness.h"

#include <algorithm>
#include <array>

#include "coupond/core/ascii.h"
#include "coupond/core/bytes.h"
#include "coupond/core/ids.h"
#include "coupond/core/signing.h"
#include "coupond/store/checkpoint.h"
#include "coupond/store/database.h"
#include "coupond/store/schema_check.h"
#include "src/store/snapshot.h"

namespace coupon::store {
namespace {

using Fault = std::optional<std::string>;

constexpr char kFact[] = "SELECT value FROM meta WHERE name = ?";

constexpr char kSetMark[] = R"(
  INSERT INTO meta (name, value) VALUES ('mark', ?1)
  ON CONFLICT (name) DO UPDATE SET value = ?1)";

std::optional<std::string> fact(Connection& connection, const char* name) {
  Query query(connection, kFact, name);
  if (!query.next()) return std::nullopt;
  return query.text(0);
}

std::string facts_message(const DatabaseFacts& facts) {
  return "coupond facts " + facts.instance + " " + facts.key_id + " " +
         std::to_string(facts.created_at.value) + " " + (facts.demo ? "demo" : "real");
}

Fault schema_fault(Connection& connection, const KeyCheck&, LedgerCheck*) {
  const std::string differences = schema_differences(connection);
  if (differences.empty()) return std::nullopt;
  return "the schema was changed: " + differences + ". Undo that";
}

Fault key_fault(Connection& connection, const KeyCheck& key, LedgerCheck*) {
  const std::string wanted = fact(connection, "key_id").value_or("");
  if (wanted == key.key_id) return std::nullopt;
  return "it belongs to key " + wanted + ", not to this secret.key, which is key " + key.key_id;
}

bool is_number(const std::string& text) { return text.size() < 19 && core::is_digits(text); }

bool signed_by(const KeyCheck& key, const std::string& message, const std::string& hex) {
  const auto bytes = core::from_hex(hex);
  Signature signature{};
  if (!bytes || bytes->size() != signature.size()) return false;
  std::copy(bytes->begin(), bytes->end(), signature.begin());
  return key.verifier(message, signature);
}

Fault facts_fault(Connection& connection, const KeyCheck& key, LedgerCheck*) {
  const auto text = [&](const char* name) { return fact(connection, name).value_or(""); };
  if (!core::is_uuid(text("instance"))) return "meta instance is not a UUID";
  if (!is_number(text("created_at"))) return "meta created_at is not a time";
  if (!is_number(text("restore_epoch"))) return "meta restore_epoch is not a number";
  if (text("demo") != "0" && text("demo") != "1") return "meta demo is neither 0 nor 1";
  const auto mark = fact(connection, "mark");
  if (!mark) return "meta mark is missing, which signs instance, key_id, created_at and demo";
  if (signed_by(key, facts_message(read_facts(connection)), *mark)) return std::nullopt;
  return "meta: instance, key_id, created_at or demo is not what its mark signs";
}

Fault ledger_fault(Connection& connection, const KeyCheck& key, LedgerCheck* ledger) {
  auto checked = check_since_checkpoint(connection, key.verifier);
  if (!checked.ok()) return checked.error().message;
  if (ledger != nullptr) *ledger = *std::move(checked);
  return std::nullopt;
}

struct Item {
  const char* name;
  Fault (*fault)(Connection& connection, const KeyCheck& key, LedgerCheck* ledger);
};
constexpr std::array kItems{
    Item{"schema", schema_fault},
    Item{"key", key_fault},
    Item{"facts", facts_fault},
    Item{"ledger", ledger_fault},
};

}  // namespace

void check_soundness(Connection& connection, const KeyCheck& key, const ItemFunction& item,
                     LedgerCheck* ledger) {
  const Snapshot snapshot(connection);
  for (const Item& next : kItems) {
    if (!item(next.name, next.fault(connection, key, ledger))) return;
  }
}

std::optional<std::string> first_fault(Connection& connection, const KeyCheck& key,
                                       LedgerCheck* ledger) {
  std::optional<std::string> first;
  const auto note = [&](const char*, const std::optional<std::string>& fault) {
    first = fault;
    return !fault;
  };
  check_soundness(connection, key, note, ledger);
  return first;
}

KeyCheck key_check(const core::Secrets& secrets) {
  return {.key_id = secrets.key_id(),
          .verifier = [key = secrets.checkpoint_key().public_key](std::string_view message,
                                                                  const Signature& signature) {
            return core::signature_ok(key, message, signature);
          }};
}

void sign_facts(Connection& connection, const core::Secrets& secrets) {
  const std::string message = facts_message(read_facts(connection));
  const Signature signature = core::sign(secrets.checkpoint_key(), message);
  Query(connection, kSetMark, core::to_hex(signature)).run();
}

}  // namespace coupon::store
