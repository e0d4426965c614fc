// The card service's endpoints: bearer codes on printed cards, each worth 30 days of subscription.
// All of them belong to the campaign `subscription-cards`.

#include <algorithm>

#include "coupond/core/email.h"
#include "coupond/core/ids.h"
#include "coupond/core/password.h"
#include "coupond/service/generate.h"
#include "coupond/service/reads.h"
#include "src/api/gate/login.h"
#include "src/api/services/card/card_shapes.h"
#include "src/api/services/services.h"

namespace coupon::api {
namespace {

using namespace card_shapes;

constexpr service::SessionKind kSession = service::SessionKind::kCard;
constexpr const char* kCampaign = "subscription-cards";

const http::Dialect kCardService{
    .tag = "Card service",
    .doc = "Bearer codes that extend a subscription: the first to enter one redeems it.",
    .invalid_status = 400};

core::Error invalid(std::string sentence) {
  return {.reason = Reason::kInvalidRequest, .message = std::move(sentence)};
}

UserReply user_reply(const domain::User& user) {
  return {.id = user.id, .email = user.email, .created_at = user.created_at};
}

SessionReply session_reply(const service::Session& session, std::string message) {
  return {.message = std::move(message),
          .user = user_reply(session.user),
          .access_token = session.access_token,
          .expires_in = session.expires_in_s};
}

// The service's own rule goes beyond ours: the domain ends with a dot and two letters at least.
bool is_address(std::string_view text) {
  const auto email = core::canonical_email(text);
  if (!email.ok()) return false;
  const std::size_t dot = email->find_last_of(".@");
  const std::string_view last = std::string_view(*email).substr(dot + 1);
  const auto is_letter = [](char c) { return c >= 'a' && c <= 'z'; };
  return (*email)[dot] == '.' && last.size() >= 2 &&
         std::all_of(last.begin(), last.end(), is_letter);
}

// The first thing wrong, in the service's own words and order.
std::optional<core::Error> problem_of(const Credentials& in) {
  if (!in.email || in.email->empty()) return invalid("Email is required");
  if (!in.password || in.password->empty()) return invalid("Password is required");
  if (!is_address(*in.email)) return invalid("Invalid email format");
  if (auto problem = core::password_problem(*in.password)) return invalid(*std::move(problem));
  return std::nullopt;
}

Result<SessionReply> create_account(Call& call, const Credentials& in) {
  if (auto problem = problem_of(in)) return *problem;
  const auto wanted = new_account(call, *in.email, *in.password);
  if (!wanted.ok()) return wanted.error();
  return call.write(
      "user.create", [&](store::Tx& tx) { return open_account(tx, call, *wanted, kSession); },
      [](const service::Session& session) {
        return session_reply(session, "User registered successfully");
      });
}

Result<SessionReply> log_in_by_email(Call& call, const Credentials& in) {
  if (in.email.value_or("").empty() || in.password.value_or("").empty()) {
    return invalid("Email and password are required");
  }
  const auto session = log_in(call, *in.email, *in.password, kSession);
  if (!session.ok()) return session.error();
  return session_reply(*session, "Login successful");
}

Result<ProfileReply> profile(Call& call) {
  const auto user = service::read_user(call.engine, call.user_id());
  if (!user.ok()) return user.error();
  return ProfileReply{user_reply(*user)};
}

Result<UsersReply> users(Call& call, const UsersQuery& in) {
  return call.read_list([&](store::Connection& db) -> Result<UsersReply> {
    UsersReply reply;
    if (call.caller.is_admin()) {
      for (const auto& user : service::list_users(db, {.after = in.after, .limit = in.limit + 1})) {
        if (static_cast<std::int64_t>(reply.users.size()) == in.limit) {
          call.more("after=" + std::to_string(reply.users.back().id.value) +
                    "&limit=" + std::to_string(in.limit));
          break;
        }
        reply.users.push_back(user_reply(user));
      }
    } else if (const auto self = service::find_user(db, call.user_id())) {
      reply.users.push_back(user_reply(*self));
    }
    return reply;
  });
}

Result<GenerateReply> generate(Call& call, const GenerateInput& in) {
  if (in.count == 0) return invalid("Count is required");
  const auto campaign = campaign_named(call, kCampaign);
  if (!campaign.ok()) return campaign.error();
  auto made =
      service::generate(call.engine, call.caller, {.campaign_id = campaign->id, .count = in.count});
  if (!made.ok()) return made.error();
  return GenerateReply{
      .message = "Successfully generated " + std::to_string(in.count) + " redeem codes",
      .count = in.count,
      .codes = std::move(made->codes)};
}

CodeRow code_row(const Call& call, store::Connection& db, const domain::Campaign& campaign,
                 const domain::Coupon& coupon) {
  constexpr std::size_t kEntriesMax = 1000;
  const auto history = service::ledger_of_coupon(db, coupon.last_seq, kEntriesMax);
  CodeRow row{.id = coupon.id,
              .code = shown_code(call.engine, coupon),
              .is_used = coupon.state == domain::CouponState::kRedeemed,
              .created_at = history.empty() ? core::UnixMs{} : history.back().at,
              .expires_at = coupon.expires_at ? coupon.expires_at : campaign.policy.ends_at,
              .redeemed_by = std::nullopt,
              .redeemed_at = std::nullopt};
  // A used coupon's last entry is its redemption.
  const auto redemption =
      row.is_used ? service::find_redemption(db, coupon.last_seq) : std::nullopt;
  if (redemption) {
    row.redeemed_by = redemption->user_id;
    row.redeemed_at = redemption->redeemed_at;
  }
  return row;
}

// A page as asked for: what is no number counts as not said, what is out of bounds as the nearest.
struct PageOfCodes {
  std::int64_t page = 1, per_page = 50;
  std::optional<bool> used;
};

std::int64_t within(const std::optional<std::string>& text, std::int64_t otherwise,
                    std::int64_t max) {
  const auto number = text ? core::parse_id(trimmed(*text)) : std::nullopt;
  return std::clamp(number.value_or(otherwise), std::int64_t{1}, max);
}

PageOfCodes page_asked_for(const CodesQuery& in) {
  constexpr std::int64_t kPageMax = 10'000'000;
  constexpr std::int64_t kPerPageMax = 1000;
  PageOfCodes wanted{.page = within(in.page, 1, kPageMax),
                     .per_page = within(in.per_page, 50, kPerPageMax),
                     .used = std::nullopt};
  const std::string_view used = in.used ? std::string_view(*in.used) : std::string_view();
  if (http::equal_ignoring_case(used, "true")) wanted.used = true;
  if (http::equal_ignoring_case(used, "false")) wanted.used = false;
  return wanted;
}

// Pages of all codes are found by number; pages of used or unused ones by walking down to them.
std::vector<domain::Coupon> page_of(store::Connection& db, const domain::Campaign& campaign,
                                    const PageOfCodes& in) {
  const std::int64_t skip = (in.page - 1) * in.per_page;
  const std::int64_t newest = campaign.counters.issued;
  if (!in.used) {
    return service::list_coupons_newest_first(db, campaign.id, newest - skip + 1, in.per_page)
        .coupons;
  }
  const auto state = *in.used ? domain::CouponState::kRedeemed : domain::CouponState::kAvailable;
  std::vector<domain::Coupon> found;
  std::int64_t to_skip = skip;
  std::optional<std::int64_t> before = newest + 1;
  while (before && static_cast<std::int64_t>(found.size()) < in.per_page) {
    auto chunk = service::list_coupons_newest_first(db, campaign.id, *before, in.per_page, state);
    for (domain::Coupon& coupon : chunk.coupons) {
      if (to_skip > 0) {
        --to_skip;
      } else if (static_cast<std::int64_t>(found.size()) < in.per_page) {
        found.push_back(std::move(coupon));
      }
    }
    before = chunk.next;
  }
  return found;
}

Result<CodesReply> list_codes(Call& call, const CodesQuery& query) {
  const PageOfCodes in = page_asked_for(query);
  const auto campaign = campaign_named(call, kCampaign);
  if (!campaign.ok()) return campaign.error();
  return call.read_list([&](store::Connection& db) -> Result<CodesReply> {
    const domain::Counters& counters = campaign->counters;
    const std::int64_t total =
        !in.used ? counters.issued : (*in.used ? counters.redeemed : counters.available);
    CodesReply reply{.codes = {},
                     .total = total,
                     .pages = (total + in.per_page - 1) / in.per_page,
                     .current_page = in.page,
                     .per_page = in.per_page};
    for (const auto& coupon : page_of(db, *campaign, in)) {
      reply.codes.push_back(code_row(call, db, *campaign, coupon));
    }
    return reply;
  });
}

// What to tell of a code that is not there. Cards come in any shape, so nothing is refused for its
// shape before the look-up; the service always told apart what it could never have printed.
core::Error no_such_card(std::string_view code) {
  constexpr std::size_t kShortest = 10;
  const auto is_printed = [](char c) {
    return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || c == '-';
  };
  code = trimmed(code);
  if (code.size() < kShortest || !std::all_of(code.begin(), code.end(), is_printed)) {
    return {.reason = Reason::kInvalidCode, .message = "Invalid card_code format"};
  }
  return {.reason = Reason::kUnknownCode, .message = {}};
}

// Whether the text names the caller: by number, which may come as digits, or by UUID.
Result<bool> names_caller(Call& call, const std::string& text) {
  const std::string_view name = trimmed(text);
  if (const auto number = core::parse_id(name)) return *number == call.user_id().value;
  if (!core::is_uuid(name)) return invalid("user_id must be a valid integer");
  const auto self = service::read_user(call.engine, call.user_id());
  if (!self.ok()) return self.error();
  return self->uuid == name;
}

Result<RedeemReply> redeem(Call& call, const RedeemInput& in) {
  if (in.user_id.value_or("").empty()) return invalid("user_id is required");
  if (in.card_code.value_or("").empty()) return invalid("card_code is required");
  const auto own = names_caller(call, *in.user_id);
  if (!own.ok()) return own.error();
  if (!*own) return Reason::kForbidden;
  const auto code = code_hash(call, *in.card_code);
  if (!code.ok()) return no_such_card(*in.card_code);
  auto done = redeem_as(
      call, call.caller, {.code = *code, .user_id = call.user_id(), .mode = domain::Mode::kCard},
      [](const service::Redeemed& redeemed) {
        return RedeemReply{.new_subscription_expiry = redeemed.balance.subscription_ends_at,
                           .redeemed_at = redeemed.redemption.redeemed_at};
      });
  if (!done.ok() && done.error().reason == Reason::kUnknownCode) {
    return no_such_card(*in.card_code);
  }
  return done;
}

// ---- subscriptions ----

bool is_running(const domain::User& user, core::UnixMs now) {
  return user.subscription_ends_at && now < *user.subscription_ends_at;
}

Result<OwnSubscription> own_subscription(Call& call) {
  const auto user = service::read_user(call.engine, call.user_id());
  if (!user.ok()) return user.error();
  return OwnSubscription{.user_id = user->id,
                         .email = user->email,
                         .is_subscribed = is_running(*user, call.now()),
                         .subscription_expires_at = user->subscription_ends_at};
}

Result<SubscriptionReply> subscription(Call& call, const AccountId& in) {
  const auto user = user_named(call, in.id);
  if (!user.ok()) return user.error();
  if (!call.caller.is_admin() && !call.caller.is(user->id)) return Reason::kForbidden;
  const bool running = is_running(*user, call.now());
  SubscriptionReply reply{.user_id = user->id,
                          .email = user->email,
                          .is_subscribed = running,
                          .subscription_status = "inactive",
                          .subscription_expires_at = user->subscription_ends_at,
                          .days_remaining = std::nullopt,
                          .created_at = user->created_at};
  if (user->subscription_ends_at) reply.subscription_status = running ? "active" : "expired";
  if (running) {
    reply.days_remaining = (user->subscription_ends_at->value - call.now().value) / core::kMsPerDay;
  }
  return reply;
}

// ---- the declarations ----

const http::Refusal kNoAdmin{403, Reason::kForbidden, "Admin privileges required"};

void add_accounts(Endpoints& service) {
  service.add({.route = "POST /api/register",
               .id = "cardRegister",
               .summary = "Make an account",
               .success = 201,
               .refusals = {{409, Reason::kEmailTaken, "User with this email already exists"}},
               .rate = "register",
               .no_input = "No data provided"},
              create_account);
  service.add({.route = "POST /api/login",
               .id = "cardLogIn",
               .summary = "Log in",
               .refusals = {{401, Reason::kInvalidCredentials, "Invalid email or password"}},
               .rate = "login",
               .no_input = "Email and password are required"},
              log_in_by_email);
  service.add({.route = "GET /api/profile",
               .id = "cardProfile",
               .summary = "One's own account",
               .auth = Auth::kSession},
              profile);
  service.add({.route = "GET /api/users",
               .id = "cardUsers",
               .summary = "All accounts for an administrator, else one's own",
               .auth = Auth::kSession},
              users);
}

void add_codes(Endpoints& service) {
  service.add({.route = "POST /admin/generate-codes",
               .id = "cardGenerateCodes",
               .summary = "Make codes to be printed",
               .auth = Auth::kAdmin,
               .success = 201,
               .refusals = {kNoAdmin,
                            {409, Reason::kCampaignCapReached},
                            // What an administrator can make of the campaign by the native API.
                            {404, Reason::kUnknownCampaign},
                            {409, Reason::kWrongMode},
                            {409, Reason::kPatternExhausted},
                            {410, Reason::kArchived}},
               .rate = "card-generate",
               .no_input = "Count is required"},
              generate);
  service.add({.route = "GET /admin/codes",
               .id = "cardListCodes",
               .summary = "Codes, newest first",
               .auth = Auth::kAdmin,
               .refusals = {kNoAdmin}},
              list_codes);
  service.add({.route = "POST /redeem",
               .id = "cardRedeem",
               .summary = "Enter a card's code",
               .auth = Auth::kSession,
               .refusals = together(
                   {{{403, Reason::kForbidden, "You can only redeem codes for your own account"}},
                    alike(404, {Reason::kUnknownCode, Reason::kVoid}, "Invalid redeem code"),
                    alike(409, {Reason::kAlreadyRedeemed, Reason::kCouponRedemptionCapReached},
                          "Code has already been used"),
                    alike(409, {Reason::kHeldByOther, Reason::kHoldRequired,
                                Reason::kUserRedemptionCapReached, Reason::kInsufficientCredit,
                                Reason::kBalanceLimitReached}),
                    alike(400, {Reason::kEnded, Reason::kExpired, Reason::kArchived},
                          "Redeem code has expired"),
                    alike(400, {Reason::kInvalidCode, Reason::kInactive, Reason::kNotStarted})}),
               .rate = "codes",
               .no_input = "user_id is required"},
              redeem);
}

}  // namespace

void add_card_service(http::Api& api, Gate& gate) {
  Endpoints service = gate.group(api, kCardService);
  add_accounts(service);
  add_codes(service);
  service.add({.route = "GET /api/subscription",
               .id = "cardOwnSubscription",
               .summary = "One's own subscription",
               .auth = Auth::kSession},
              own_subscription);
  service.add({.route = "GET /subscription/{id}",
               .id = "cardSubscription",
               .summary = "A user's subscription",
               .auth = Auth::kSession,
               .refusals = {{403, Reason::kForbidden,
                             "Access denied. You can only check your own subscription status"},
                            {404, Reason::kUnknownUser, "User not found"}}},
              subscription);
  service.add({.route = "GET /api/health", .id = "cardHealth", .summary = "Alive"},
              [](Call&) -> Result<HealthReply> { return HealthReply{}; });
}

}  // namespace coupon::api
