// The book service's endpoints: books of coupons, generated or uploaded, assigned, locked and
// redeemed. A book is a campaign of mode pool, a lock is a hold. This family knows no hold tokens:
// the user who locked a coupon may use it.

#include "coupond/core/ids.h"
#include "coupond/core/limits.h"
#include "coupond/service/campaigns.h"
#include "coupond/service/generate.h"
#include "coupond/service/jobs.h"
#include "coupond_version.h"
#include "src/api/gate/login.h"
#include "src/api/services/book/book_coupons.h"
#include "src/api/services/book/book_shapes.h"
#include "src/api/services/book/book_upload.h"
#include "src/api/services/services.h"

namespace coupon::api {
namespace {

using namespace book_shapes;

const http::Dialect kBookService{
    .tag = "Book service",
    .doc = "Books of coupons: generate or upload, assign, lock, redeem.",
    .invalid_status = 400};

// More codes than this are a job.
constexpr std::int64_t kAtOnceMax = 1000;

// ---- accounts ----

Result<LoginReply> log_in_by_email(Call& call, const LoginInput& in) {
  auto session = log_in(call, in.email, in.password, service::SessionKind::kBook);
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

// Whether the body of a pair of braces is a placeholder; its number, where that is none from 1 on,
// counts as left out.
std::optional<std::string> placeholder_of(std::string_view body) {
  const std::size_t colon = body.find(':');
  const std::string_view keyword = body.substr(0, colon);
  for (const std::string_view known : {"RANDOM", "NUMERIC", "ALPHA", "UUID"}) {
    if (!http::equal_ignoring_case(keyword, known)) continue;
    const auto count =
        colon == std::string_view::npos ? std::nullopt : core::parse_id(body.substr(colon + 1));
    const bool counts = count && known != "UUID";
    return "{" + std::string(known) + (counts ? ":" + std::to_string(*count) : "") + "}";
  }
  return std::nullopt;
}

// The same pattern for core::Pattern: in this service braces around anything else are literal.
std::optional<std::string> pattern_of(const std::optional<std::string>& text) {
  if (text.value_or("").empty()) return std::nullopt;
  std::string pattern;
  for (std::size_t at = 0; at < text->size(); ++at) {
    const char c = (*text)[at];
    const std::size_t end = c == '{' ? text->find('}', at) : std::string::npos;
    const auto placeholder =
        end == std::string::npos
            ? std::nullopt
            : placeholder_of(std::string_view(*text).substr(at + 1, end - at - 1));
    if (placeholder) {
      pattern += *placeholder;
      at = end;
    } else {
      pattern += c;
      if (c == '{' || c == '}') pattern += c;
    }
  }
  return pattern;
}

domain::Campaign book_of(const BookFields& in, std::string uuid) {
  domain::Campaign book{.uuid = std::move(uuid),
                        .mode = domain::Mode::kPool,
                        .name = in.name,
                        .description = in.description};
  book.policy.starts_at = core::parse_javascript_time(in.start_date).value();
  book.policy.ends_at = core::parse_javascript_time(in.end_date).value();
  book.policy.active = in.is_active;
  book.policy.max_per_user = limit_of(in.max_codes_per_user);
  book.policy.max_redemptions_per_coupon =
      in.allow_multiple_redemptions ? limit_of(in.max_redemptions_per_user) : 1;
  book.policy.code_pattern = pattern_of(in.code_pattern);
  // A coupon of such a book is locked first, then redeemed.
  book.policy.hold_required = true;
  return book;
}

BookFields as_made(BookFields fields, const domain::Campaign& book) {
  fields.start_date = core::to_text(book.policy.starts_at.value(), kIso);
  fields.end_date = core::to_text(book.policy.ends_at.value(), kIso);
  return fields;
}

Result<BookReply> create_book(Call& call, const BookFields& in) {
  const domain::Campaign book = book_of(in, core::uuid4(call.engine.random()));
  return call.write(
      "campaign.create",
      [&](store::Tx& tx) { return service::create_campaign(tx, call.caller, book); },
      [&](const service::CampaignWritten& written) {
        return BookReply{.object_id = written.campaign.uuid,
                         .id = written.campaign.uuid,
                         .fields = as_made(in, written.campaign),
                         .total_codes = written.campaign.counters.issued,
                         .created_at = written.campaign.created_at,
                         .updated_at = written.campaign.updated_at};
      });
}

UploadReply uploaded(const domain::Campaign& book, const service::Uploaded& upload) {
  return {.book = book.uuid, .uploaded = upload.count, .total = upload.issued};
}

// More codes than one operation stores.
Result<UploadReply> upload_many(Call& call, service::JobRunner& jobs, const domain::Campaign& book,
                                const service::CodeList& codes) {
  if (call.dry_run) {
    const auto checked = service::check_upload(call.engine, call.caller, book.id, codes);
    if (!checked.ok()) return checked.error();
    const auto count = static_cast<std::int64_t>(codes.size());
    return uploaded(book, {.count = count, .issued = book.counters.issued + count});
  }
  const auto job = service::store_upload(call.engine, jobs, call.caller, book.id, codes);
  if (!job.ok()) return job.error();
  auto reply = call.write(
      "coupon.generate", [&](store::Tx& tx) { return service::finish_upload(tx, job->id); },
      [&](const service::Uploaded& done) { return uploaded(book, done); });
  if (!reply.ok()) jobs.take_back(job->id, reply.error());
  return reply;
}

Result<UploadReply> upload(Call& call, service::JobRunner& jobs) {
  const auto in = read_book_upload(call.request.body);
  if (!in.ok()) return in.error();
  const auto book = book_named(call, in->book);
  if (!book.ok()) return book.error();
  if (in->codes.size() > static_cast<std::size_t>(core::limits::kCodesPerOperationMax)) {
    return upload_many(call, jobs, *book, in->codes);
  }
  return call.write(
      "coupon.generate",
      [&](store::Tx& tx) {
        return service::upload(tx, call.caller, call.engine.vault(), book->id, in->codes);
      },
      [&](const service::Uploaded& done) { return uploaded(*book, done); });
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
  service.add(
      {.route = "POST /coupons/codes",
       .id = "bookUploadCodes",
       .summary = "Upload codes: all or none",
       .doc = "A JSON object with couponBookId and codes, an array of strings: up to 50 MB.",
       .auth = Auth::kAdmin,
       .success = 201,
       .refusals = {kNoBook,
                    {400, Reason::kInvalidRequest},
                    {409, Reason::kDuplicateCode},
                    {409, Reason::kCampaignCapReached},
                    {409, Reason::kJobFinished, "The upload was cancelled"},
                    {410, Reason::kArchived, "Coupon book expired"}},
       .body_types = {"application/json"}},
      [&jobs](Call& call) { return upload(call, jobs); });
  service.add({.route = "POST /coupons/random-codes",
               .id = "bookRandomCodes",
               .summary = "Make random codes; more than 1,000 in the background",
               .auth = Auth::kAdmin,
               .success = 201,
               .refusals = {kNoBook,
                            {403, Reason::kInactive, "Coupon book is not active"},
                            {403, Reason::kEnded, "Coupon book has expired"},
                            {403, Reason::kArchived, "Coupon book has expired"},
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
               .rate = "register"},
              create_user);
  add_books(service, jobs);
  add_book_coupons(service);
}

}  // namespace coupon::api
