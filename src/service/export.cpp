#include "coupond/service/export.h"

#include <limits>
#include <map>
#include <optional>
#include <utility>
#include <vector>

#include "coupond/core/csv.h"
#include "coupond/core/time_text.h"
#include "coupond/domain/money.h"
#include "coupond/service/tills.h"
#include "coupond/store/campaigns.h"
#include "coupond/store/coupons.h"
#include "coupond/store/users.h"

namespace coupon::service {
namespace {

using core::Reason;
using core::Result;

// About 64 KiB of lines.
constexpr std::int64_t kExportPage = 500;
// Entries of a coupon's history in which its last redemption is looked for.
constexpr std::size_t kHistory = 50;

// One line, cell by cell.
class Line {
 public:
  Line& add(std::string_view text) { return put(core::csv_field(text)); }
  Line& add(std::int64_t number) { return put(std::to_string(number)); }
  Line& add(core::UnixMs at) { return put(core::to_rfc3339(at)); }
  template <class T>
  Line& add(const std::optional<T>& value) {
    return value ? add(*value) : put({});
  }
  Line& add_money(std::int64_t amount, const std::optional<std::string>& currency) {
    return put(domain::money_number(amount, currency));
  }
  std::string finish() { return std::move(text_) + "\r\n"; }

 private:
  Line& put(std::string_view cell) {
    if (begun_) text_ += ',';
    begun_ = true;
    text_ += cell;
    return *this;
  }

  std::string text_;
  bool begun_ = false;
};

struct Use {
  domain::Redemption redemption;
  std::string till;
  std::optional<std::string> cashier, customer;
};

struct Row {
  domain::Coupon coupon;
  std::optional<std::string> owner;
  std::optional<Use> use;
};

std::optional<std::string> email_of(store::Connection& db,
                                    const std::optional<core::UserId>& user) {
  if (!user) return std::nullopt;
  const auto found = store::find_user(db, *user);
  if (!found || found->email.empty()) return std::nullopt;
  return found->email;
}

Use use_of(store::Connection& db, domain::Redemption redemption) {
  store::Place place = store::place_of(db, redemption.id);
  return {.redemption = std::move(redemption),
          .till = place.till ? *std::move(place.till) : till_shown(db, place.actor),
          .cashier = std::move(place.cashier),
          .customer = {}};
}

Row row_of(store::Connection& db, domain::Coupon coupon) {
  Row row{.coupon = std::move(coupon), .owner = {}, .use = {}};
  row.owner = email_of(db, row.coupon.user_id);
  auto redemptions = store::redemptions_of_coupon(db, row.coupon, kHistory);
  if (!redemptions.empty()) row.use = use_of(db, std::move(redemptions.front()));
  return row;
}

Result<std::string> code_of(const Engine& engine, const domain::Coupon& coupon) {
  return engine.vault().open(coupon.code_sealed, domain::hash_of_code(coupon));
}

std::string line_of(const Row& row, std::string_view code, const domain::Campaign& campaign) {
  const domain::Coupon& coupon = row.coupon;
  const domain::Redemption* redemption = row.use ? &row.use->redemption : nullptr;
  auto user = coupon.user_id;
  if (!user && redemption != nullptr && !redemption->rolled_back_at) user = redemption->user_id;
  Line line;
  line.add(code).add(coupon.number).add(domain::name(coupon.state));
  line.add(user ? std::optional(user->value) : std::nullopt).add(coupon.assigned_at);
  line.add(redemption != nullptr ? std::optional(redemption->redeemed_at) : std::nullopt);
  line.add(coupon.uses).add(coupon.max_uses).add(coupon.expires_at);
  const auto& currency = campaign.policy.currency;
  if (const auto& funds = coupon.funds) {
    line.add_money(funds->put_on(), currency).add_money(funds->balance, currency);
  } else {
    line.add("").add("");
  }
  line.add(campaign.slug).add(row.owner);
  if (redemption == nullptr) return line.add("").add("").add("").add("").finish();
  line.add(redemption->order_id).add(row.use->till).add(row.use->cashier);
  return line.add(redemption->rolled_back_at).finish();
}

std::string line_of(const Row& row, std::string_view code, const std::string& slug,
                    const std::optional<std::string>& currency) {
  const domain::Coupon& coupon = row.coupon;
  const domain::Redemption& redemption = row.use->redemption;
  Line line;
  line.add(redemption.id.value).add(code).add(slug).add(coupon.number);
  line.add(domain::name(coupon.state)).add(coupon.uses).add(coupon.max_uses);
  if (coupon.funds) line.add_money(coupon.funds->balance, currency);
  if (!coupon.funds) line.add("");
  line.add(currency).add(coupon.expires_at).add(row.owner).add(row.use->customer);
  line.add(redemption.order_id);
  if (redemption.taken) line.add_money(*redemption.taken, currency);
  if (!redemption.taken) line.add(redemption.amount.value);
  line.add(row.use->till).add(row.use->cashier);
  return line.add(redemption.redeemed_at).add(redemption.rolled_back_at).finish();
}

// A line for each row, which `write` makes of the row and its code.
template <class Write>
Result<std::string> lines_of(const Engine& engine, const Result<std::vector<Row>>& rows,
                             const Write& write) {
  if (!rows) return rows.error();
  std::string lines;
  for (const Row& row : *rows) {
    const auto code = code_of(engine, row.coupon);
    if (!code) return code.error();
    lines += write(row, *code);
  }
  return lines;
}

}  // namespace

std::string_view CodeExport::header() {
  return "code,number,state,user,assigned_at,redeemed_at,uses,max_uses,expires_at,value,balance,"
         "campaign,owner,order_id,till,cashier,rolled_back_at\r\n";
}

Result<CodeExport> CodeExport::open(Engine& engine, const Caller& caller,
                                    core::CampaignId campaign_id, const CodeFilter& filter) {
  if (!caller.may(Scope::kRead)) return Reason::kForbidden;
  auto campaign = engine.readers().read<domain::Campaign>(
      [&](store::Connection& db) -> Result<domain::Campaign> {
        auto found = store::find_campaign(db, campaign_id);
        if (!found) return Reason::kUnknownCampaign;
        return std::move(*found);
      });
  if (!campaign) return campaign.error();
  auto selection = CodeSelection::find(engine, campaign_id, filter);
  if (!selection) return selection.error();
  return CodeExport(engine, *std::move(campaign), *std::move(selection));
}

Result<std::string> CodeExport::next() {
  const std::int64_t last =
      selection_.filter().last_number.value_or(std::numeric_limits<std::int64_t>::max());
  std::string lines;
  while (lines.empty() && after_ < last) {
    bool all = false;
    const auto rows = engine_->readers().read<std::vector<Row>>(
        [&](store::Connection& db) -> Result<std::vector<Row>> {
          std::vector<Row> some;
          auto page = store::list_coupons(db, campaign_.id, after_, kExportPage).coupons;
          all = page.empty();
          for (domain::Coupon& coupon : page) {
            after_ = coupon.number;
            if (selection_.has(coupon)) some.push_back(row_of(db, std::move(coupon)));
          }
          return some;
        },
        store::Readers::Use::kList);
    auto some = lines_of(*engine_, rows, [&](const Row& row, const std::string& code) {
      return line_of(row, code, campaign_);
    });
    if (!some || all) return some;
    lines = *std::move(some);
  }
  return lines;
}

std::string_view RedemptionExport::header() {
  return "id,code,campaign,number,state,uses,max_uses,balance,currency,expires_at,owner,customer,"
         "order_id,amount,till,cashier,redeemed_at,rolled_back_at\r\n";
}

Result<RedemptionExport> RedemptionExport::open(Engine& engine, const Caller& caller,
                                                store::RedemptionFilter filter) {
  if (!caller.may(Scope::kRead)) return Reason::kForbidden;
  filter.limit = kExportPage;
  filter.before = {};
  return RedemptionExport(engine, std::move(filter));
}

Result<std::string> RedemptionExport::next() {
  std::string lines;
  while (lines.empty() && !done_) {
    std::map<core::CampaignId, domain::Campaign> campaigns;
    const auto rows = engine_->readers().read<std::vector<Row>>(
        [&](store::Connection& db) -> Result<std::vector<Row>> {
          std::vector<Row> some;
          auto page = store::list_redemptions(db, filter_);
          done_ = !page.next;
          filter_.before = page.next.value_or(core::Seq{});
          for (domain::Redemption& redemption : page.redemptions) {
            auto coupon = store::find_coupon(db, redemption.coupon_id);
            if (!coupon) return Reason::kInternal;
            if (!campaigns.contains(coupon->campaign_id)) {
              campaigns[coupon->campaign_id] =
                  store::find_campaign(db, coupon->campaign_id).value();
            }
            Row row{.coupon = *std::move(coupon), .owner = {}, .use = {}};
            row.owner = email_of(db, row.coupon.user_id);
            row.use = use_of(db, std::move(redemption));
            row.use->customer = email_of(db, row.use->redemption.user_id);
            some.push_back(std::move(row));
          }
          return some;
        },
        store::Readers::Use::kList);
    auto some = lines_of(*engine_, rows, [&](const Row& row, const std::string& code) {
      const domain::Campaign& campaign = campaigns.at(row.coupon.campaign_id);
      return line_of(row, code, campaign.slug, campaign.policy.currency);
    });
    if (!some) return some;
    lines = *std::move(some);
  }
  return lines;
}

}  // namespace coupon::service
