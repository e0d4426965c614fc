#include "src/store/tag_old.h"

#include <string>
#include <utility>
#include <vector>

#include "coupond/core/codes.h"

namespace coupon::store {
namespace {

constexpr char kSome[] =
    "SELECT c.id, c.code_sealed, c.code_hash FROM coupons AS c "
    "JOIN campaigns AS m ON m.id = c.campaign_id AND m.mode <> 'token' "
    "WHERE c.id > ? ORDER BY c.id LIMIT ?";
constexpr char kTag[] = "UPDATE coupons SET tail = ?2 WHERE id = ?1";
constexpr std::int64_t kAtOnce = 10'000;

}  // namespace

void tag_coupons(Connection& connection, const core::Secrets& secrets) {
  const core::CodeVault vault(secrets);
  std::int64_t last = 0;
  std::vector<std::pair<std::int64_t, std::int64_t>> tags;
  do {
    tags.clear();
    Query query(connection, kSome, last, kAtOnce);
    while (query.next()) {
      last = query.integer(0);
      const auto code = vault.open(query.blob(1), query.block<24>(2));
      // The audit that follows names a code that does not open.
      if (code.ok()) tags.emplace_back(last, vault.tail(*core::canonical(*code)));
    }
    for (const auto& [id, tail] : tags) Query(connection, kTag, id, tail).run();
  } while (!tags.empty());
}

}  // namespace coupon::store
