// The book service's endpoints: books of coupons, generated or uploaded, assigned, locked and
// redeemed. A book is a campaign of mode pool, a lock is a hold. This family knows no hold tokens:
// the user who locked a coupon may use it.

#include "coupond/core/ids.h"
#include "coupond/service/campaigns.h"
#include "coupond/service/generate.h"
#include "coupond/service/jobs.h"
#include "coupond_version.h"
#include "src/api/gate/login.h"
#include "src/api/native/naming.h"
#include "src/api/services/book/book_coupons.h"
#include "src/api/services/book/book_shapes.h"
#include "src/api/services/services.h"

namespace coupon::api {
namespace {

using namespace book_shapes;
using core::Reason;
using core::Result;
using http::Auth;

const http::Dialect kBookService{
    .tag = "Book service",
    .doc = "Books of coupons: generate or upload, assign, lock, redeem.",
    .invalid_status = 400};

// More codes than this are a job.
constexpr std::int64_t kAtOnceMax = 1000;

// ---- accounts ----

Result<LoginReply> log_in_by_email(Call& call, const LoginInput& in) {
  auto session = log_in(call, in.email, in.password);
  if (!session.ok()) return session.error();
  return LoginReply{.token = std::move(session->access_token),
                    .refresh_token = std::move(session->refresh_token)};
}

Result<UserReply> create_user(Call& call, const NewUser& in) {
  const auto wanted = new_account(call, in.email, in.password, in.first_name + " " + in.last_name);
  if (!wanted.ok()) return wanted.error();
  return call.write(
      "user.create",
      [&](store::Tx& tx) { return service::create_user(tx, call.engine, call.caller, *wanted); },
      [&](const service::UserChange& made) {
        return UserReply{.object_id = made.user.uuid,
                         .id = made.user.uuid,
                         .first_name = in.first_name,
                         .last_name = in.last_name,
                         .email = made.user.email,
                         .role = made.user.role,
                         .created_at = made.user.created_at};
      });
}

// ---- books ----

std::optional<std::int64_t> limit_of(std::int64_t figure) {
  if (figure == 0) return std::nullopt;
  return figure;
}

domain::Campaign book_of(const BookFields& in, std::string uuid) {
  domain::Campaign book{.uuid = std::move(uuid),
                        .mode = domain::Mode::kPool,
                        .name = in.name,
                        .description = in.description};
  book.policy.starts_at = in.start_date;
  book.policy.ends_at = in.end_date;
  book.policy.active = in.is_active;
  book.policy.max_per_user = limit_of(in.max_codes_per_user);
  book.policy.max_redemptions_per_coupon =
      in.allow_multiple_redemptions ? limit_of(in.max_redemptions_per_user) : 1;
  book.policy.code_pattern = in.code_pattern;
  return book;
}

Result<BookReply> create_book(Call& call, const BookFields& in) {
  const domain::Campaign book = book_of(in, core::uuid4(call.engine.random()));
  return call.write(
      "campaign.create",
      [&](store::Tx& tx) { return service::create_campaign(tx, call.caller, book); },
      [&](const service::CampaignWritten& written) {
        return BookReply{.object_id = written.campaign.uuid,
                         .id = written.campaign.uuid,
                         .fields = in,
                         .total_codes = written.campaign.counters.issued,
                         .created_at = written.campaign.created_at,
                         .updated_at = written.campaign.updated_at};
      });
}

Result<UploadReply> upload(Call& call, const UploadInput& in) {
  const auto book = book_named(call, in.book);
  if (!book.ok()) return book.error();
  const auto codes = service::seal_codes(call.engine.vault(), call.caller, in.codes);
  if (!codes.ok()) return codes.error();
  return call.write(
      "coupon.generate",
      [&](store::Tx& tx) { return service::upload(tx, call.caller, book->id, *codes); },
      [&](const service::Generated& made) {
        return UploadReply{.book = book->uuid,
                           .uploaded = made.count,
                           .total = made.first_number + made.count - 1};
      });
}

// Codes are made only for a book that is open, or will be.
std::optional<core::Error> closed(const domain::Campaign& book, core::UnixMs now) {
  if (!book.policy.active) return core::Error{.reason = Reason::kInactive, .message = {}};
  if (book.policy.ends_at && now >= *book.policy.ends_at) {
    return core::Error{.reason = Reason::kEnded, .message = {}};
  }
  return std::nullopt;
}

Result<RandomReply> generate_now(Call& call, const domain::Campaign& book, std::int64_t count) {
  auto lot =
      service::CodeLot::make(call.engine, call.caller, {.campaign_id = book.id, .count = count});
  if (!lot.ok()) return lot.error();
  return call.write(
      "coupon.generate", [&](store::Tx& tx) { return lot->store(tx, call.caller); },
      [&](const service::Generated& made) {
        return RandomReply{.book = book.uuid,
                           .generated = made.count,
                           .total = made.first_number + made.count - 1,
                           .status = "completed",
                           .message = std::nullopt,
                           .job_id = std::nullopt};
      });
}

Result<RandomReply> generate_later(Call& call, service::JobRunner& jobs,
                                   const domain::Campaign& book, std::int64_t count) {
  const auto job =
      service::plan_generation(call.engine, call.caller, {.campaign_id = book.id, .count = count});
  if (!job.ok()) return job.error();
  auto reply = call.write(
      "job.queue", [&](store::Tx& tx) { return service::queue_job(tx, *job); },
      [&](const domain::Job& queued) {
        return RandomReply{
            .book = book.uuid,
            .generated = std::nullopt,
            .total = std::nullopt,
            .status = "processing",
            .message = std::to_string(count) + " code generation started in the background",
            .job_id = std::to_string(queued.id)};
      });
  jobs.wake();
  return reply;
}

struct AboutReply {
  std::string name = "coupond";
  std::string version{kVersion};
  std::string message = "Coupon codes: issue, assign, claim, sell, hold and redeem. See /docs.";
  static http::Object<AboutReply> shape() {
    return {"About",
            "What answers here.",
            {
                http::text("name", &AboutReply::name, "coupond"),
                http::text("version", &AboutReply::version, "Its version."),
                http::text("message", &AboutReply::message, "What it is."),
            }};
  }
};

// ---- the declarations ----

void add_books(Endpoints& service, service::JobRunner& jobs) {
  service.add({.route = "POST /coupons",
               .id = "bookCreate",
               .summary = "Make a book of coupons",
               .auth = Auth::kAdmin,
               .success = 201},
              create_book);
  service.add({.route = "POST /coupons/codes",
               .id = "bookUploadCodes",
               .summary = "Upload codes: all or none",
               .auth = Auth::kAdmin,
               .success = 201,
               .refusals = {kNoBook,
                            {409, Reason::kDuplicateCode},
                            {409, Reason::kCampaignCapReached},
                            {410, Reason::kArchived, "Coupon book expired"}}},
              upload);
  service.add({.route = "POST /coupons/random-codes",
               .id = "bookRandomCodes",
               .summary = "Make random codes; more than 1,000 in the background",
               .auth = Auth::kAdmin,
               .success = 201,
               .refusals = {kNoBook,
                            {403, Reason::kInactive},
                            {403, Reason::kEnded, "Coupon book expired"},
                            {403, Reason::kArchived, "Coupon book expired"},
                            {409, Reason::kPatternExhausted},
                            {409, Reason::kCampaignCapReached}}},
              [&jobs](Call& call, const RandomInput& in) -> Result<RandomReply> {
                const auto book = book_named(call, in.book);
                if (!book.ok()) return book.error();
                if (auto refused = closed(*book, call.now())) return *refused;
                if (in.quantity <= kAtOnceMax) return generate_now(call, *book, in.quantity);
                return generate_later(call, jobs, *book, in.quantity);
              });
}

}  // namespace

void add_book_service(http::Api& api, Gate& gate, service::JobRunner& jobs) {
  Endpoints service = gate.group(api, kBookService);
  service.add({.route = "GET /", .id = "about", .summary = "What answers here"},
              [](Call&) -> Result<AboutReply> { return AboutReply{}; });
  service.add({.route = "POST /auth/token",
               .id = "bookLogIn",
               .summary = "Log in",
               .refusals = {{401, Reason::kInvalidCredentials}},
               .rate = "login"},
              log_in_by_email);
  service.add({.route = "POST /users",
               .id = "bookCreateUser",
               .summary = "Make an account",
               .success = 201,
               .refusals = {{409, Reason::kEmailTaken}},
               .rate = "register",
               .invalid_status = 422},
              create_user);
  add_books(service, jobs);
  add_book_coupons(service);
}

}  // namespace coupon::api
