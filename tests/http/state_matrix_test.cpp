// Every state of a coupon, every operation of the native API on one, every kind of caller: what
// each is answered, and that a refusal changes nothing.
#include <array>
#include <catch2/catch.hpp>
#include <map>
#include <sstream>

#include "coupond/core/time_text.h"
#include "coupond/service/generate.h"
#include "tests/support/api_fixture.h"
#include "tests/support/bulk_engine.h"
#include "tests/support/table_dump.h"

using namespace coupon;
using test::ApiFixture;

namespace {

// The coupon belongs to `owner`, but for `available`. `other` acts for themself, `forger` is the
// same user and names the owner; staff, administrators and keys name the owner as well. From `void`
// on the coupon has been redeemed once and could be again, were it not for its state. It is shown
// the right hold token wherever there is one.
constexpr const char* kTable = R"(
state     operation owner other forger staff admin nobody k:admin k:issue k:redeem k:read
available assign    403   403   403    201   201   401    201     201     403      403
available hold      404   404   403    409   409   401    409     403     404      403
available release   404   404   403    409   409   401    409     403     404      403
available redeem    404   404   403    409   409   401    409     403     404      403
available void      403   403   403    200   200   401    200     200     403      403
available rollback  403   403   403    404   404   401    404     403     404      403
available explain   200   200   200    200   200   200    200     200     200      200
assigned  assign    403   403   403    409   409   401    409     409     403      403
assigned  hold      201   404   403    201   201   401    201     403     201      403
assigned  release   409   404   403    409   409   401    409     403     409      403
assigned  redeem    201   404   403    201   201   401    201     403     201      403
assigned  void      403   403   403    200   200   401    200     200     403      403
assigned  rollback  403   403   403    404   404   401    404     403     404      403
assigned  explain   200   200   200    200   200   200    200     200     200      200
held      assign    403   403   403    409   409   401    409     409     403      403
held      hold      201   404   403    201   201   401    201     403     201      403
held      release   200   404   403    200   200   401    200     403     200      403
held      redeem    201   404   403    201   201   401    201     403     201      403
held      void      403   403   403    200   200   401    200     200     403      403
held      rollback  403   403   403    404   404   401    404     403     404      403
held      explain   200   200   200    200   200   200    200     200     200      200
redeemed  assign    403   403   403    409   409   401    409     409     403      403
redeemed  hold      409   404   403    409   409   401    409     403     409      403
redeemed  release   409   404   403    409   409   401    409     403     409      403
redeemed  redeem    409   404   403    409   409   401    409     403     409      403
redeemed  void      403   403   403    409   409   401    409     409     403      403
redeemed  rollback  403   403   403    200   200   401    200     403     200      403
redeemed  explain   200   200   200    200   200   200    200     200     200      200
void      assign    403   403   403    409   409   401    409     409     403      403
void      hold      409   404   403    409   409   401    409     403     409      403
void      release   409   404   403    409   409   401    409     403     409      403
void      redeem    409   404   403    409   409   401    409     403     409      403
void      void      403   403   403    409   409   401    409     409     403      403
void      rollback  403   403   403    200   200   401    200     403     200      403
void      explain   200   200   200    200   200   200    200     200     200      200
expired   assign    403   403   403    409   409   401    409     409     403      403
expired   hold      410   404   403    410   410   401    410     403     410      403
expired   release   409   404   403    409   409   401    409     403     409      403
expired   redeem    410   404   403    410   410   401    410     403     410      403
expired   void      403   403   403    200   200   401    200     200     403      403
expired   rollback  403   403   403    200   200   401    200     403     200      403
expired   explain   200   200   200    200   200   200    200     200     200      200
inactive  assign    403   403   403    409   409   401    409     409     403      403
inactive  hold      409   404   403    409   409   401    409     403     409      403
inactive  release   409   404   403    409   409   401    409     403     409      403
inactive  redeem    409   404   403    409   409   401    409     403     409      403
inactive  void      403   403   403    200   200   401    200     200     403      403
inactive  rollback  403   403   403    200   200   401    200     403     200      403
inactive  explain   200   200   200    200   200   200    200     200     200      200
ended     assign    403   403   403    410   410   401    410     410     403      403
ended     hold      410   404   403    410   410   401    410     403     410      403
ended     release   409   404   403    409   409   401    409     403     409      403
ended     redeem    410   404   403    410   410   401    410     403     410      403
ended     void      403   403   403    200   200   401    200     200     403      403
ended     rollback  403   403   403    200   200   401    200     403     200      403
ended     explain   200   200   200    200   200   200    200     200     200      200
archived  assign    403   403   403    409   409   401    409     409     403      403
archived  hold      409   404   403    409   409   401    409     403     409      403
archived  release   409   404   403    409   409   401    409     403     409      403
archived  redeem    409   404   403    409   409   401    409     403     409      403
archived  void      403   403   403    200   200   401    200     200     403      403
archived  rollback  403   403   403    200   200   401    200     403     200      403
archived  explain   200   200   200    200   200   200    200     200     200      200
)";

struct Row {
  std::string state;
  std::string operation;
  std::vector<int> statuses;
};

// The callers of the head line, and the rows.
std::vector<std::string> read_table(std::vector<Row>& rows) {
  std::istringstream table(kTable);
  std::vector<std::string> callers;
  for (std::string line; std::getline(table, line);) {
    std::istringstream words(line);
    Row row;
    if (!(words >> row.state >> row.operation)) continue;
    if (callers.empty()) {
      for (std::string caller; words >> caller;) callers.push_back(caller);
      continue;
    }
    for (int status; words >> status;) row.statuses.push_back(status);
    REQUIRE(row.statuses.size() == callers.size());
    rows.push_back(std::move(row));
  }
  return callers;
}

// When tokens and a campaign end, once all coupons have been brought to their states.
constexpr std::int64_t kSoonMs = 60 * core::kMsPerSecond;
constexpr std::int64_t kNoRedemption = 999'999'999;

struct Subject {
  std::string code;
  std::string hold_token = "none of ours";
  std::int64_t redemption = kNoRedemption;
};

class Matrix {
 public:
  Matrix();
  // A coupon in that state which nobody has touched yet.
  Subject next(const std::string& state) {
    std::vector<Subject>& left = subjects_.at(state);
    Subject subject = std::move(left.back());
    left.pop_back();
    return subject;
  }
  test::ApiReply act(const std::string& caller, const std::string& operation, const Subject& on);
  std::string dump() {
    return *api_.engine()->readers().read<std::string>(
        [](store::Connection& db) { return core::Result<std::string>(test::dump_state(db)); });
  }
  std::int64_t entries() { return api_.engine().number("SELECT max(seq) FROM ledger"); }
  ApiFixture& api() { return api_; }

 private:
  std::string make_campaign(const std::string& state);
  std::vector<Subject> make_coupons(const std::string& campaign, const std::string& state);
  void bring_to(const std::string& state, Subject& subject);
  void close(const std::string& state, const std::string& campaign);
  std::string token_of(const std::string& caller) const;
  nlohmann::json must(const std::string& method, const std::string& path, const std::string& token,
                      const std::string& body = "{}");

  static constexpr int kPerState = 70;  // operations × callers
  ApiFixture api_;
  const ApiFixture::Person owner_ = api_.make_person("owner");
  const ApiFixture::Person other_ = api_.make_person("other");
  const ApiFixture::Person staff_ = api_.make_person("staff", domain::Role::kStaff);
  std::map<std::string, std::string> keys_;
  std::map<std::string, std::vector<Subject>> subjects_;
};

Matrix::Matrix() {
  for (const char* scope : {"admin", "issue", "redeem", "read"}) {
    const auto made = must("POST", "/api/v1/api-keys", api_.admin().token,
                           R"({"name":"till","scopes":[")" + std::string(scope) + R"("]})");
    keys_["k:" + std::string(scope)] = made.at("key").get<std::string>();
  }
  for (const char* state : {"available", "assigned", "held", "redeemed", "void", "expired",
                            "inactive", "ended", "archived"}) {
    const std::string campaign = make_campaign(state);
    std::vector<Subject> subjects = make_coupons(campaign, state);
    for (Subject& subject : subjects) bring_to(state, subject);
    close(state, campaign);
    subjects_[state] = std::move(subjects);
  }
  api_.clock().advance(2 * kSoonMs);
}

nlohmann::json Matrix::must(const std::string& method, const std::string& path,
                            const std::string& token, const std::string& body) {
  auto reply = api_.send(method, path, token, body);
  if (reply.status >= 300) throw std::runtime_error(path + " answered " + reply.raw.body);
  return std::move(reply.body);
}

std::string Matrix::make_campaign(const std::string& state) {
  nlohmann::json campaign = {{"mode", "pool"},
                             {"name", state},
                             {"slug", state},
                             {"max_holds_per_user", 1000},
                             {"hold_ttl_s", 3600}};
  if (state == "expired") campaign["mode"] = "token";
  if (state == "expired") campaign["token_ttl_s"] = 60;
  const auto soon = api_.clock().now() + kSoonMs;
  if (state == "ended") campaign["ends_at"] = core::to_rfc3339(soon);
  if (state != "redeemed") campaign["max_redemptions_per_coupon"] = 2;
  must("POST", "/api/v1/campaigns", api_.admin().token, campaign.dump());
  return state;
}

std::vector<Subject> Matrix::make_coupons(const std::string& campaign, const std::string& state) {
  std::vector<Subject> subjects;
  if (state == "expired") {
    for (int i = 0; i < kPerState; ++i) {
      const auto issued = must("POST", "/api/v1/campaigns/" + campaign + "/issue", owner_.token);
      subjects.push_back({.code = issued.at("coupon").at("code").get<std::string>()});
    }
    return subjects;
  }
  const auto id = must("GET", "/api/v1/campaigns/" + campaign, staff_.token, "").at("id");
  const auto made =
      test::must(service::generate(*api_.engine(), service::Caller::cli(),
                                   {.campaign_id = {id.get<std::int64_t>()}, .count = kPerState}));
  for (const std::string& code : made.codes) subjects.push_back({.code = code});
  return subjects;
}

void Matrix::bring_to(const std::string& state, Subject& subject) {
  if (state == "available") return;
  const std::string coupon = "/api/v1/coupons/" + subject.code;
  if (state != "expired") {
    must("POST", coupon + "/assign", staff_.token, R"({"user_id":")" + owner_.uuid + "\"}");
  }
  if (state == "assigned") return;
  if (state == "held") {
    subject.hold_token =
        must("POST", coupon + "/hold", owner_.token).at("hold_token").get<std::string>();
    return;
  }
  subject.redemption =
      must("POST", coupon + "/redeem", owner_.token).at("redemption").at("id").get<std::int64_t>();
  if (state == "void") must("POST", coupon + "/void", staff_.token);
}

void Matrix::close(const std::string& state, const std::string& campaign) {
  const std::string path = "/api/v1/campaigns/" + campaign;
  if (state == "inactive") must("PATCH", path, api_.admin().token, R"({"active":false})");
  if (state == "archived") must("DELETE", path, api_.admin().token, "");
}

std::string Matrix::token_of(const std::string& caller) const {
  if (caller == "owner") return owner_.token;
  if (caller == "other" || caller == "forger") return other_.token;
  if (caller == "staff") return staff_.token;
  if (caller == "admin") return api_.admin().token;
  return caller == "nobody" ? "" : keys_.at(caller);
}

test::ApiReply Matrix::act(const std::string& caller, const std::string& operation,
                           const Subject& on) {
  const std::string coupon = "/api/v1/coupons/" + on.code;
  const std::string token = token_of(caller);
  if (operation == "explain") return api_.get(coupon, token);
  if (operation == "rollback") {
    const std::string redemption = std::to_string(on.redemption);
    return api_.post("/api/v1/redemptions/" + redemption + "/rollback", token, "{}");
  }
  nlohmann::json body = nlohmann::json::object();
  const bool names_owner = operation == "assign" || (caller != "owner" && caller != "other");
  if (names_owner && operation != "void") body["user_id"] = owner_.uuid;
  const bool shows_token = operation == "release" || on.hold_token != Subject().hold_token;
  if (shows_token && (operation == "release" || operation == "redeem")) {
    body["hold_token"] = on.hold_token;
  }
  return api_.post(coupon + "/" + operation, token, body.dump());
}

// Whom an explanation tells all: whoever may read everything, and the coupon's owner.
bool is_told_all(const std::string& caller, const std::string& state) {
  if (caller == "owner") return state != "available";
  return caller == "staff" || caller == "admin" || caller == "k:admin" || caller == "k:read";
}

}  // namespace

TEST_CASE("each state of a coupon answers each operation of each caller as declared", "[matrix]") {
  std::vector<Row> rows;
  const std::vector<std::string> callers = read_table(rows);
  REQUIRE(rows.size() * callers.size() == 9 * 7 * 10);

  Matrix matrix;
  REQUIRE(matrix.api().is_sound());
  std::string before = matrix.dump();
  std::int64_t entries = matrix.entries();
  for (const Row& row : rows) {
    for (std::size_t i = 0; i < callers.size(); ++i) {
      const Subject subject = matrix.next(row.state);
      const auto reply = matrix.act(callers[i], row.operation, subject);
      INFO(row.state << ' ' << row.operation << " by " << callers[i] << ": " << reply.raw.body);
      CHECK(reply.status == row.statuses[i]);
      const bool changes = reply.status < 300 && row.operation != "explain";
      const std::string after = matrix.dump();
      CHECK((after != before) == changes);
      CHECK(matrix.entries() == entries + changes);
      if (row.operation == "explain") {
        CHECK(reply.body.contains("rules") == is_told_all(callers[i], row.state));
        const bool usable = row.state == "assigned" || row.state == "held";
        CHECK(reply.body.at("valid") == usable);
      }
      before = after;
      entries = matrix.entries();
    }
  }
  CHECK(matrix.api().is_sound());
}
