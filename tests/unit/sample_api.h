// A small API in all of its dialects, for the tests of module http.
#pragma once

#include "coupond/http/endpoint.h"

namespace coupon::http::sample {

// What the sample's gate hands to handlers.
struct Call {
  Request& request;
  std::string caller;
};

enum class State { kActive, kVoid };

struct HoldRequest {
  std::string code;
  std::int64_t ttl_s = 300;
  std::optional<std::string> note;

  static Object<HoldRequest> shape() {
    return {
        "HoldRequest",
        "How long to keep the coupon.",
        {
            text("code", &HoldRequest::code, "The coupon's code.", {.min = 1, .max = 32})
                .example("ABCD-EFGH"),
            integer("ttl_s", &HoldRequest::ttl_s, "Seconds.", {.min = 1, .max = 3600}).optional(),
            text("note", &HoldRequest::note, "Yours.", {.max = 10}),
        }};
  }
};

struct Hold {
  std::string code;
  std::int64_t ttl_s = 0;
  State state = State::kActive;
  core::UnixMs until = {};
  std::optional<std::string> note = {};

  static Object<Hold> shape() {
    const Choices<State> states = {{"active", State::kActive}, {"void", State::kVoid}};
    return {"Hold",
            "A lock on a coupon.",
            {
                text("code", &Hold::code, "The coupon's code."),
                integer("ttl_s", &Hold::ttl_s, "Seconds.", {.min = 1}),
                choice("state", &Hold::state, "The coupon's state.", states),
                timestamp("until", &Hold::until, "When it ends."),
                text("note", &Hold::note, "Yours."),
            }};
  }
};

struct ListRequest {
  std::int64_t limit = 100;
  std::optional<State> state;
  std::vector<std::string> codes;

  static Object<ListRequest> shape() {
    const Choices<State> states = {{"active", State::kActive}, {"void", State::kVoid}};
    return {"ListRequest",
            "Which holds.",
            {
                integer("limit", &ListRequest::limit, "At most so many.", {.min = 1, .max = 1000})
                    .optional(),
                choice("state", &ListRequest::state, "Only these.", states),
                list("codes", &ListRequest::codes, "Only of these.", {.max = 3}, Text{.max = 9})
                    .optional(),
            }};
  }
};

struct Register {
  std::string email;
  bool loud = false;
  std::int64_t count = 1;
  std::string user;

  static Object<Register> shape() {
    return {"RegisterRequest",
            "A new account.",
            {
                text("email", &Register::email, "Address.", {.max = 254, .format = "email"})
                    .says("Email is required"),
                boolean("loud", &Register::loud, "Loud.").optional(),
                integer("count", &Register::count, "Count.", {.min = 1, .max = 9}).optional(),
                text("userId", &Register::user, "Whose.").alias("user_id").or_integer().optional(),
            }};
  }
};

struct Envelope {
  std::string message;
  static Object<Envelope> shape() {
    return {"StoreError", "An error.", {text("message", &Envelope::message, "Why.")}};
  }
};

inline Dialect strict_dialect() { return {.tag = "Holds", .doc = "Locks.", .strict = true}; }
inline Dialect lenient_dialect() { return {.tag = "Accounts", .invalid_status = 422}; }
inline Dialect store_dialect() {
  return {.tag = "Store",
          .render =
              [](const Request&, const core::Error& error, int status) {
                return json_reply(status, to_json(Envelope{.message = error.message}));
              },
          .error_shape = &shape_of<Envelope>()};
}

// The caller is what the Authorization header says; an endpoint with a session needs one.
struct Gate {
  Reply admit(const Endpoint& endpoint, Request& request,
              const std::function<Reply(const Request&, Call&)>& next) {
    Call call{request, std::string(request.header("Authorization").value_or(""))};
    if (call.caller.empty() && endpoint.auth != Auth::kNone) {
      return refuse(endpoint, request, {.reason = core::Reason::kNotAuthenticated, .message = {}});
    }
    return next(request, call);
  }
};
inline Gate gate;

class SampleApi {
 public:
  SampleApi() {
    add_holds();
    add_accounts();
    add_store();
  }

  Api api;

 private:
  void add_holds() {
    Group<Call, Gate> group(api, strict_, gate);
    group.add({.route = "POST /api/v1/coupons/{code}/hold",
               .id = "holdCoupon",
               .summary = "Lock a coupon for a while",
               .auth = Auth::kSession,
               .scope = "redeem",
               .success = 201,
               .refusals = {{409, core::Reason::kHeldByOther, "Coupon already locked"},
                            {429, core::Reason::kUserCapReached,
                             "Maximum of {number}, really {number}"}}},
              [](Call&, const HoldRequest& in) -> core::Result<Hold> {
                if (in.code == "HELD") return core::Reason::kHeldByOther;
                if (in.code == "CAP") {
                  return core::Error{
                      .reason = core::Reason::kUserCapReached, .message = "inside", .number = 5};
                }
                return Hold{.code = in.code, .ttl_s = in.ttl_s, .note = in.note};
              });
    group.add({.route = "GET /api/v1/holds", .id = "listHolds", .summary = "List holds"},
              [](Call&, const ListRequest& in) -> core::Result<Page<Hold>> {
                Page<Hold> page;
                for (const std::string& code : in.codes) page.items.push_back({.code = code});
                page.next_cursor = std::to_string(in.limit);
                return page;
              });
    group.add({.route = "POST /api/v1/import",
               .id = "importHolds",
               .summary = "Import holds",
               .answers = {answer_of<Hold>(202, "It runs.")},
               .body_types = {"text/csv", "application/x-ndjson"}},
              [](Call& call, const ListRequest&) -> core::Result<Reply> {
                return text_reply(202, call.request.body);
              });
    group.add({.route = "DELETE /api/v1/holds", .id = "endHolds", .summary = "End", .success = 204},
              [](Call&) -> core::Result<core::Done> { return core::Done{}; });
  }

  void add_accounts() {
    Group<Call, Gate> group(api, lenient_, gate);
    group.add({.route = "POST /register",
               .id = "register",
               .summary = "Make an account",
               .aliases = {"/accounts/register", "GET /register"}},
              [](Call&, const Register& in) -> core::Result<Hold> {
                return Hold{.code = in.email + "/" + in.user + (in.loud ? "!" : ""),
                            .ttl_s = in.count};
              });
    group.add({.route = "GET /accounts", .id = "accounts", .summary = "All", .rate = "list"},
              [](Call&) -> core::Result<std::vector<Hold>> { return std::vector<Hold>(2); });
  }

  void add_store() {
    Group<Call, Gate> group(api, store_, gate);
    group.add({.route = "POST /v1/use/{code}",
               .id = "use",
               .summary = "Use",
               .auth = Auth::kAdmin,
               .success = 204,
               .no_input = "No data provided"},
              [](Call&, const HoldRequest& in) -> core::Result<core::Done> {
                if (in.code == "X") return core::Reason::kUnknownCode;
                return core::Done{};
              });
  }

  const Dialect strict_ = strict_dialect();
  const Dialect lenient_ = lenient_dialect();
  const Dialect store_ = store_dialect();
};

}  // namespace coupon::http::sample
