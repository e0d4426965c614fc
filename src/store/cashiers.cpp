#include "coupond/store/cashiers.h"

namespace coupon::store {
namespace {

constexpr std::string_view kPrefix = "cashier/";

constexpr char kFind[] = "SELECT value FROM meta WHERE name = ?";
// '0' follows '/'.
constexpr char kList[] = R"(
  SELECT name, value FROM meta WHERE name > 'cashier/' AND name < 'cashier0'
   ORDER BY name LIMIT 1000)";
constexpr char kAny[] = "SELECT 1 FROM meta WHERE name > 'cashier/' AND name < 'cashier0' LIMIT 1";
constexpr char kPut[] = R"(
  INSERT INTO meta (name, value) VALUES (?1, ?2)
      ON CONFLICT (name) DO UPDATE SET value = excluded.value)";
constexpr char kRemove[] = "DELETE FROM meta WHERE name = ? RETURNING name";

std::string fact_of(const std::string& id) { return std::string(kPrefix) + id; }

}  // namespace

std::optional<Cashier> find_cashier(Connection& connection, const std::string& id) {
  Query query(connection, kFind, fact_of(id));
  if (!query.next()) return std::nullopt;
  return Cashier{.id = id, .name = query.text(0)};
}

std::vector<Cashier> list_cashiers(Connection& connection) {
  std::vector<Cashier> cashiers;
  Query query(connection, kList);
  while (query.next()) {
    cashiers.push_back({.id = query.text(0).substr(kPrefix.size()), .name = query.text(1)});
  }
  return cashiers;
}

bool has_cashiers(Connection& connection) { return Query(connection, kAny).next(); }

void put_cashier(Tx& tx, const Cashier& cashier) {
  Query(tx.db(), kPut, fact_of(cashier.id), cashier.name).run();
}

bool remove_cashier(Tx& tx, const std::string& id) {
  return Query(tx.db(), kRemove, fact_of(id)).next();
}

}  // namespace coupon::store
