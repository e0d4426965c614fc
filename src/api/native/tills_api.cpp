// /api/v1/tills and /api/v1/cashiers: devices become tills by eight digits, and cashiers say by a
// PIN who they are.

#include <limits>
#include <memory>

#include "coupond/service/reads.h"
#include "coupond/service/tills.h"
#include "src/api/native/cashier.h"
#include "src/api/native/coupon_shapes.h"
#include "src/api/native/naming.h"
#include "src/api/native/native.h"
#include "src/api/words.h"

namespace coupon::api {
namespace {

constexpr std::int64_t kNameMax = 60;

struct InviteInput {
  std::string name = {};
  static http::Object<InviteInput> shape() {
    return {"TillInvitationRequest",
            "A till to be.",
            {text("name", &InviteInput::name, "What it is called.", {.min = 1, .max = kNameMax})
                 .example("Till 1")}};
  }
};

struct Invited {
  std::string code = {};
  core::UnixMs expires_at = {};
  static http::Object<Invited> shape() {
    return {"TillInvitation",
            "What makes a device a till.",
            {text("code", &Invited::code, "Eight digits, good once.").example("04711815"),
             timestamp("expires_at", &Invited::expires_at, "Ten minutes from now.")}};
  }
};

struct EnrolInput {
  std::string code = {};
  static http::Object<EnrolInput> shape() {
    return {"EnrolRequest",
            "What the owner's page shows.",
            {text("code", &EnrolInput::code, "Eight digits.", {.min = 1, .max = 32})}};
  }
};

struct Enrolled {
  std::string key = {}, name = {};
  static http::Object<Enrolled> shape() {
    return {"EnrolledTill",
            "This device is a till now.",
            {text("key", &Enrolled::key, "Its API key, of scope till. It cannot be shown again."),
             text("name", &Enrolled::name, "What it is called.", {.max = 256})}};
  }
};

struct TillReply {
  std::string name = {};
  bool asks_pin = false;
  static http::Object<TillReply> shape() {
    return {"Till",
            "The till that asks.",
            {text("name", &TillReply::name, "What it is called.", {.max = 256}),
             boolean("asks_pin", &TillReply::asks_pin,
                     "Whether there are cashiers: then it needs the pass of one.")}};
  }
};

struct CampaignOfTill {
  std::string campaign = {};
  static http::Object<CampaignOfTill> shape() {
    return {"CampaignOfTill",
            "Which campaign.",
            {text("campaign", &CampaignOfTill::campaign, "Its slug, as a redemption names it.",
                  {.min = 1, .max = kCampaignNameMax})}};
  }
};

struct CampaignTitle {
  std::string slug = {}, name = {};
  static http::Object<CampaignTitle> shape() {
    return {"CampaignTitle",
            "What a campaign is called.",
            {text("slug", &CampaignTitle::slug, "Its slug."),
             text("name", &CampaignTitle::name, "Its name.", {.max = 256})}};
  }
};

struct PinInput {
  std::string pin = {};
  static http::Object<PinInput> shape() {
    return {"PinRequest",
            "Who is at the till.",
            {text("pin", &PinInput::pin, "4 to 8 digits.", {.min = 1, .max = 16})}};
  }
};

struct CashierAtTill {
  std::string name = {}, pass = {};
  core::UnixMs expires_at = {};
  static http::Object<CashierAtTill> shape() {
    using C = CashierAtTill;
    return {"CashierAtTill",
            "Who is at the till.",
            {text("name", &C::name, "Their name.", {.max = 256}),
             text("pass", &C::pass,
                  "Says so to this till's requests that use a code, as `cashier`.", {.max = 256}),
             timestamp("expires_at", &C::expires_at, "Twelve hours from now.")}};
  }
};

struct LookupInput {
  std::string last4 = {};
  std::optional<std::int64_t> number = {};
  std::optional<std::string> cashier = {};
  static http::Object<LookupInput> shape() {
    using L = LookupInput;
    return {"CardLookup",
            "What can still be read on a card.",
            {text("last4", &L::last4, "The last four symbols of its code.", {.min = 1, .max = 64}),
             integer("number", &L::number, "Its number; a till's key must know it.", {.min = 1}),
             cashier_field(&L::cashier)}};
  }
};

struct NewCashier {
  std::string name = {}, pin = {};
  static http::Object<NewCashier> shape() {
    return {"NewCashierRequest",
            "Somebody at the tills.",
            {text("name", &NewCashier::name, "Their name.", {.min = 1, .max = kNameMax}),
             text("pin", &NewCashier::pin, "4 to 8 digits, nobody else's.", {.min = 1, .max = 16})
                 .example("4711")}};
  }
};

struct CashierReply {
  std::string id = {}, name = {};
  static http::Object<CashierReply> shape() {
    return {"Cashier",
            "Somebody at the tills.",
            {text("id", &CashierReply::id, "Its id."),
             text("name", &CashierReply::name, "Their name.", {.max = 256})}};
  }
};

struct CashierList {
  std::vector<CashierReply> items = {};
  static http::Object<CashierList> shape() {
    return {"Cashiers",
            "Everybody at the tills.",
            {list("items", &CashierList::items, "The cashiers.")}};
  }
};

struct CashierId {
  std::string id = {};
  static http::Object<CashierId> shape() {
    return {"CashierId",
            "Which cashier.",
            {text("id", &CashierId::id, "Its id.", {.min = 1, .max = 128})}};
  }
};

// Digits as people type them: "0471 1815".
std::string digits_in(const std::string& typed) {
  std::string digits;
  for (const char c : typed) {
    if (c >= '0' && c <= '9') digits += c;
  }
  return digits;
}

Result<Enrolled> enrol(Call& call, service::WrongDigits& wrong, const EnrolInput& in) {
  auto made = call.write(
      "till.enrol",
      [&](store::Tx& tx) { return service::enrol_till(tx, call.engine, digits_in(in.code)); },
      [](const service::NewApiKey& key) {
        return Enrolled{key.secret, key.key.name};
      });
  if (made.ok()) {
    wrong.forget();
  } else if (made.error().reason == Reason::kUnknownCode && wrong.count()) {
    const auto voided =
        call.engine.writer().run<core::Done>("till.void", [](store::Tx& tx) -> Result<core::Done> {
          store::remove_till_invitations(tx);
          return core::Done{};
        });
    if (!voided.ok()) return voided.error();
  }
  return made;
}

// A page of coupons that end so is no list of all: of a million codes, one ends like another.
Result<std::vector<domain::Coupon>> cards_like(store::Connection& db, std::int64_t tail,
                                               std::optional<std::int64_t> number) {
  constexpr std::int64_t kPage = 1000, kPagesMax = 20;
  constexpr std::size_t kShown = 20;
  std::vector<domain::Coupon> cards;
  core::CouponId before{std::numeric_limits<std::int64_t>::max()};
  for (std::int64_t pages = 0; pages < kPagesMax; ++pages) {
    auto found = service::coupons_ending_in(db, tail, before, kPage);
    if (found.empty()) break;
    before = found.back().id;
    for (domain::Coupon& one : found) {
      if (one.state == domain::CouponState::kFreed || (number && one.number != *number)) continue;
      cards.push_back(std::move(one));
      if (cards.size() == kShown) return cards;
    }
  }
  if (cards.empty()) return Reason::kUnknownCode;
  return cards;
}

// A till sees no lists: it must know two things that stand on a card, the number and the end of the
// code, to be told the rest. A wrong guess counts as one of a code.
Result<http::Page<CouponReply>> look_up(Call& call, const LookupInput& in) {
  identify(call, in.cashier);
  const auto last4 = core::canonical(in.last4);
  if (!last4.ok()) return last4.error();
  if (!in.number && !call.caller.may(service::Scope::kRead)) {
    return core::Error{.reason = Reason::kInvalidRequest,
                       .message = {},
                       .fields = {{.field = "number", .message = "is required of a till"}}};
  }
  return call.read_list([&](store::Connection& db) -> Result<http::Page<CouponReply>> {
    if (auto error = service::needs_cashier(db, call.caller)) return *error;
    const auto cards = cards_like(db, call.engine.vault().tail(*last4), in.number);
    if (!cards.ok()) return cards.error();
    http::Page<CouponReply> reply;
    for (const domain::Coupon& coupon : *cards) {
      const auto of = service::find_campaign(db, coupon.campaign_id);
      reply.items.push_back(coupon_reply(shown_code(call.engine, coupon), coupon,
                                         of ? of->slug : "",
                                         of ? of->policy.currency : std::nullopt, {}));
    }
    return reply;
  });
}

Result<CashierAtTill> identify_cashier(Call& call, const PinInput& in) {
  return call.read([&](store::Connection& db) -> Result<CashierAtTill> {
    const auto found = service::cashier_of(db, call.engine, digits_in(in.pin));
    if (!found.ok()) return found.error();
    const auto pass = service::pass_for(call.engine, call.caller, *found);
    return CashierAtTill{found->name, pass.pass, pass.expires_at};
  });
}

Result<CampaignTitle> campaign_title(Call& call, const CampaignOfTill& in) {
  const auto campaign = campaign_named(call, in.campaign);
  if (!campaign.ok()) return campaign.error();
  return CampaignTitle{campaign->slug, campaign->name};
}

Result<TillReply> about_till(Call& call) {
  return call.read([&](store::Connection& db) -> Result<TillReply> {
    TillReply reply{.asks_pin = !store::list_cashiers(db).empty()};
    if (!call.caller.key_id) return reply;
    if (const auto key = store::find_api_key(db, *call.caller.key_id)) reply.name = key->name;
    return reply;
  });
}

void add_cashier_endpoints(Endpoints& v1) {
  v1.add({.route = "GET /api/v1/cashiers",
          .id = "listCashiers",
          .summary = "List cashiers",
          .auth = Auth::kAdmin,
          .scope = "admin"},
         [](Call& call) {
           return call.read_list([&](store::Connection& db) -> Result<CashierList> {
             CashierList reply;
             for (auto& one : store::list_cashiers(db)) {
               reply.items.push_back({std::move(one.id), std::move(one.name)});
             }
             return reply;
           });
         });
  v1.add({.route = "POST /api/v1/cashiers",
          .id = "addCashier",
          .summary = "Give a cashier a PIN",
          .doc = "It works on devices that are tills, and nowhere else. From the first cashier on, "
                 "every till asks for a PIN.",
          .auth = Auth::kAdmin,
          .scope = "admin",
          .success = 201},
         [](Call& call, const NewCashier& in) {
           return call.write(
               "cashier.add",
               [&](store::Tx& tx) {
                 return service::add_cashier(tx, call.engine, call.caller, in.name, in.pin);
               },
               [](const store::Cashier& made) {
                 return CashierReply{made.id, made.name};
               });
         });
  v1.add({.route = "DELETE /api/v1/cashiers/{id}",
          .id = "removeCashier",
          .summary = "Take a cashier's PIN away",
          .auth = Auth::kAdmin,
          .scope = "admin",
          .success = 204,
          .refusals = {{404, Reason::kNotFound}}},
         [](Call& call, const CashierId& in) {
           return call.write("cashier.remove", [&](store::Tx& tx) {
             return service::remove_cashier(tx, call.caller, in.id);
           });
         });
}

void add_enrolment_endpoints(Endpoints& v1) {
  const auto wrong = std::make_shared<service::WrongDigits>();
  v1.add({.route = "POST /api/v1/tills/invitations",
          .id = "inviteTill",
          .summary = "Eight digits that make a device a till",
          .doc = "Good for ten minutes, once, and across a restart.",
          .auth = Auth::kAdmin,
          .success = 201,
          .keyed = false},
         [](Call& call, const InviteInput& in) {
           return call.write(
               "till.invite",
               [&](store::Tx& tx) {
                 return service::invite_till(tx, call.engine, call.caller, in.name);
               },
               [](const service::TillInvited& made) {
                 return Invited{made.digits, made.expires_at};
               });
         });
  v1.add({.route = "POST /api/v1/tills/enrol",
          .id = "enrolTill",
          .summary = "Make this device a till",
          .doc = "Gives it a key of its own, which the owner can revoke.",
          .auth = Auth::kNone,
          .success = 201,
          .refusals = {{404, Reason::kUnknownCode}},
          .rate = kCodesRate},
         [wrong](Call& call, const EnrolInput& in) { return enrol(call, *wrong, in); });
}

}  // namespace

void add_till_endpoints(Endpoints& v1) {
  add_enrolment_endpoints(v1);
  v1.add({.route = "GET /api/v1/tills/me",
          .id = "getTill",
          .summary = "Which till this is",
          .auth = Auth::kStaff,
          .scope = "till"},
         about_till);
  v1.add({.route = "GET /api/v1/tills/campaigns/{campaign}",
          .id = "getCampaignTitle",
          .summary = "What a campaign is called",
          .doc = "For the result of a redemption; a till sees no more of it.",
          .auth = Auth::kStaff,
          .scope = "till",
          .refusals = {{404, Reason::kUnknownCampaign}}},
         campaign_title);
  v1.add({.route = "POST /api/v1/tills/cashier",
          .id = "identifyCashier",
          .summary = "Who has this PIN",
          .doc = "Where there are cashiers, a till redeems, holds and takes back with their pass "
                 "only: its key alone, once stolen, is worth nothing.",
          .auth = Auth::kStaff,
          .scope = "till",
          .refusals = {{404, Reason::kUnknownCode}},
          .keyed = false,
          .rate = "pins"},
         identify_cashier);
  v1.add({.route = "POST /api/v1/tills/find",
          .id = "findCards",
          .summary = "Find a card by what can still be read of it",
          .doc = "By the last four symbols of its code; a till must know its number, too.",
          .auth = Auth::kStaff,
          .scope = "till",
          .refusals = {{404, Reason::kUnknownCode}, {400, Reason::kInvalidCode}},
          .keyed = false,
          .rate = kCodesRate},
         look_up);
  add_cashier_endpoints(v1);
}

}  // namespace coupon::api
