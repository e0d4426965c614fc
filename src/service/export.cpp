#include "coupond/service/export.h"

#include <optional>
#include <vector>

#include "coupond/core/csv.h"
#include "coupond/core/time_text.h"
#include "coupond/domain/money.h"
#include "coupond/store/campaigns.h"
#include "coupond/store/coupons.h"
#include "coupond/store/redemptions.h"

namespace coupon::service {
namespace {

using core::Reason;

// About 32 KiB of lines.
constexpr std::int64_t kPage = 500;

struct Row {
  domain::Coupon coupon;
  std::optional<domain::Redemption> redemption;  // the coupon's last entry, if it is one
};

std::vector<Row> read_page(store::Connection& db, core::CampaignId campaign, std::int64_t after) {
  std::vector<Row> rows;
  for (domain::Coupon& coupon : store::list_coupons(db, campaign, after, kPage).coupons) {
    std::optional<domain::Redemption> redemption;
    if (coupon.state == domain::CouponState::kRedeemed) {
      redemption = store::find_redemption(db, coupon.last_seq);
    }
    rows.push_back({.coupon = std::move(coupon), .redemption = std::move(redemption)});
  }
  return rows;
}

std::string user_of(const Row& row) {
  if (row.coupon.user_id) return std::to_string(row.coupon.user_id->value);
  if (row.redemption && row.redemption->user_id) {
    return std::to_string(row.redemption->user_id->value);
  }
  return {};
}

std::string line_of(const Row& row, std::string_view code,
                    const std::optional<std::string>& currency) {
  std::string line = core::csv_field(code);
  line += ',' + std::to_string(row.coupon.number) + ',';
  line += domain::name(row.coupon.state);
  line += ',' + user_of(row) + ',';
  if (row.coupon.assigned_at) line += core::to_rfc3339(*row.coupon.assigned_at);
  line += ',';
  if (row.redemption) line += core::to_rfc3339(row.redemption->redeemed_at);
  line += ',' + std::to_string(row.coupon.uses) + ',';
  if (row.coupon.max_uses) line += std::to_string(*row.coupon.max_uses);
  line += ',';
  if (row.coupon.expires_at) line += core::to_rfc3339(*row.coupon.expires_at);
  if (const auto& funds = row.coupon.funds) {
    return line + ',' + domain::money_number(funds->put_on(), currency) + ',' +
           domain::money_number(funds->balance, currency) + "\r\n";
  }
  return line + ",,\r\n";
}

}  // namespace

std::string_view CodeExport::header() {
  return "code,number,state,user,assigned_at,redeemed_at,uses,max_uses,expires_at,value,"
         "balance\r\n";
}

core::Result<CodeExport> CodeExport::open(Engine& engine, const Caller& caller,
                                          core::CampaignId campaign_id, std::int64_t after) {
  if (!caller.may(Scope::kRead)) return Reason::kForbidden;
  return engine.readers().read<CodeExport>([&](store::Connection& db) -> core::Result<CodeExport> {
    const auto campaign = store::find_campaign(db, campaign_id);
    if (!campaign) return Reason::kUnknownCampaign;
    return CodeExport(engine, *campaign, after);
  });
}

core::Result<std::string> CodeExport::next() {
  const auto rows = engine_->readers().read<std::vector<Row>>(
      [&](store::Connection& db) -> core::Result<std::vector<Row>> {
        return read_page(db, campaign_id_, after_);
      },
      store::Readers::Use::kList);
  if (!rows) return rows.error();
  std::string lines;
  for (const Row& row : *rows) {
    const auto code =
        engine_->vault().open(row.coupon.code_sealed, domain::hash_of_code(row.coupon));
    if (!code) return code.error();
    lines += line_of(row, *code, currency_);
    after_ = row.coupon.number;
  }
  return lines;
}

}  // namespace coupon::service
