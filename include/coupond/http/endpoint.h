// Endpoints: one declaration gives routing, parsing with limits, the list of bad fields, who may
// call, every refusal's status and sentence, and the entry in /openapi.json and /docs.
//
// How to add one. The handler's signature names the shapes (shape.h); the rest is data:
//
//   struct HoldRequest {                              // Path, query and body fields alike.
//     std::string code = {};
//     std::int64_t ttl_s = 300;
//     static Object<HoldRequest> shape() {
//       return {"HoldRequest", "How long to keep the coupon for its owner.", {
//           text("code", &HoldRequest::code, "The coupon's code.", {.min = 1, .max = 128}),
//           integer("ttl_s", &HoldRequest::ttl_s, "Seconds.", {.min = 1, .max = 3600}).optional(),
//       }};
//     }
//   };
//
//   void add_hold(Group<Call>& v1, Service& service) {
//     v1.add({.route = "POST /api/v1/coupons/{code}/hold",
//             .id = "holdCoupon",
//             .summary = "Lock a coupon for a while",
//             .auth = Auth::kSession,
//             .scope = "redeem",
//             .success = 201,
//             .refusals = {{404, Reason::kUnknownCode}, {409, Reason::kHeldByOther}}},
//            [&](Call& call, const HoldRequest& in) -> Result<Hold> {
//              return service.hold(call.caller, in.code, in.ttl_s);
//            });
//   }
//
// * Each {placeholder} of the route is a field, read from the path. In a strict dialect the
//   others come from the JSON body of POST, PUT and PATCH, and from the query of GET and DELETE; in
//   a lenient one from JSON body, form body and query together.
// * A handler takes (Call&) or (Call&, const In&) and returns Result<Out>,
// Result<std::vector<Out>>,
//   Result<Done> for no body, or Result<Reply> where it declares `answers` itself.
// * A refusal's row gives the status and, if it has one, the sentence, with {number} for the
//   Error's number; without a sentence the Error's own is used. Reasons without a row answer with
//   default_status(). Bad input, 401, 403 and the machine's 5xx need no row.
// * Who is calling, idempotency and rate limits are the Gate's, which module api passes in: it runs
//   before anything of the body is read and hands the handler its Call.
// Declared on one thread at start-up; constant and safe on any thread after that.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "coupond/core/error.h"
#include "coupond/core/result.h"
#include "coupond/http/reply.h"
#include "coupond/http/request.h"
#include "coupond/http/router.h"
#include "coupond/http/shape.h"

namespace coupon::http {

// Who may call. The Gate enforces it.
enum class Auth {
  kNone,      // Anyone.
  kOptional,  // Anyone; a caller who says who they are may be told more.
  kSession,   // Somebody logged in.
  kStaff,     // Somebody logged in as staff or administrator.
  kAdmin,     // An administrator.
  kRefresh,   // The holder of a refresh token, which comes as the bearer.
};

// How one family of endpoints speaks. Lives at least as long as its endpoints.
struct Dialect {
  std::string tag;           // Groups the endpoints in the document.
  std::string doc = {};      // What the family is.
  bool strict = false;       // See Reader::Mode; also one source of input and 415 for other types.
  int invalid_status = 400;  // For bad fields. What is not JSON or contradicts itself is 400.
  // Writes an error body. Empty: problem_reply().
  std::function<Reply(const Request&, const core::Error&, int status)> render = {};
  const Shape* error_shape = nullptr;  // What `render` writes; null where render is empty.
};

// A status and sentence this endpoint answers a reason with.
struct Refusal {
  int status = 0;
  core::Reason reason = core::Reason::kInternal;
  std::string sentence = {};
};

// One declared success. No shape and no content_type: no body.
struct Answer {
  int status = 200;
  std::string doc = {};
  const Shape* shape = nullptr;
  bool list = false;              // An array of `shape`.
  std::string content_type = {};  // Of a body without a shape, such as text/csv.
};
template <Shaped T>
Answer answer_of(int status, std::string doc = {}) {
  return {.status = status, .doc = std::move(doc), .shape = &shape_of<T>()};
}

struct Endpoint {
  std::string route;     // "POST /coupons/{id}/claim"
  std::string id;        // operationId: unique, camelCase.
  std::string summary;   // A few words, for lists.
  std::string doc = {};  // What a caller must know beyond its fields.
  Auth auth = Auth::kNone;
  // API keys with this scope, or one of several words, may call it too; empty: no key may.
  std::string scope = {};
  int success = 200;
  std::vector<Refusal> refusals = {};
  // Further routes with the same placeholders; a path alone has the same method.
  std::vector<std::string> aliases = {};
  std::vector<Answer> answers = {};  // Only for a handler that returns a Reply.
  bool keyed = true;                 // Strict mutations: takes Idempotency-Key and dry_run.
  std::string rate = {};             // Name of the rate limit the Gate applies; documents 429.
  std::vector<std::string> query_names = {};  // of parameters the handler reads itself
  std::vector<std::string> body_types = {};   // Of a body the handler reads itself, as text/csv.
  int invalid_status = 0;                     // Instead of the dialect's.
  std::string no_input = {};                  // Sentence where no field at all was sent.
  // The path as the document has it, where a linter would take it for another's: literals as
  // {placeholders}, of which each has one value.
  std::string shown_path = {};

  // Filled when it is added.
  std::string method = {};
  std::string path = {};
  std::vector<std::string> path_names = {};  // Its placeholders, in order.
  const Dialect* dialect = nullptr;
  const Shape* input = nullptr;  // Null: takes no fields.

  bool mutates() const { return method != "GET"; }
  // Whether Idempotency-Key and dry_run apply.
  bool takes_key() const { return keyed && mutates() && dialect->strict; }
};

// The words of endpoint.scope.
std::vector<std::string_view> scopes_of(const Endpoint& endpoint);

// The reply to a refused request: the endpoint's status and sentence in its dialect's body.
Reply refuse(const Endpoint& endpoint, const Request& request, const core::Error& error);

// Everything this endpoint may refuse: its own rows first, then what follows from the rest of the
// declaration. One row a reason.
std::vector<Refusal> refusals_of(const Endpoint& endpoint);

// Reads the endpoint's fields from path, query and body into `*object`, a struct of shape
// endpoint.input (null for an endpoint without one). The reply to send where something is wrong
// with them, else nothing.
std::optional<Reply> read_input(const Endpoint& endpoint, const Request& request, void* object);

// All endpoints of a program.
class Api {
 public:
  Api() = default;
  Api(const Api&) = delete;
  Api& operator=(const Api&) = delete;

  // What Group::add() stands on: keeps the declaration at an address that stays and asks `make` for
  // the handler, which does everything from the gate on. Throws std::logic_error on a malformed
  // declaration or one that contradicts an earlier one.
  const Endpoint& add(Endpoint endpoint, const std::function<Handler(const Endpoint&)>& make);

  // In the order they were added.
  const std::vector<std::unique_ptr<const Endpoint>>& endpoints() const { return endpoints_; }
  // The endpoint with that operationId; null where there is none.
  const Endpoint* find(std::string_view id) const;
  // The endpoint that serves `method` on `path` (as sent, without query), aliases included; null
  // where there is none. A linear search, for what is asked rarely: how large an import may be.
  const Endpoint* serving(std::string_view method, std::string_view path) const;

  // Adds every endpoint under all its routes. Handlers refer to this Api: it must outlive `router`.
  void mount(Router& router) const;

 private:
  void check(const Endpoint& endpoint) const;

  std::vector<std::unique_ptr<const Endpoint>> endpoints_;
  std::vector<Handler> handlers_;  // In the same order.
};

// --- What a handler's result becomes ---------------------------------------------------------

Reply answer(const Endpoint& endpoint, const core::Done&);
inline Reply answer(const Endpoint&, Reply reply) { return reply; }
template <Shaped T>
Reply answer(const Endpoint& endpoint, const T& value) {
  return json_reply(endpoint.success, to_json(value));
}
template <Shaped T>
Reply answer(const Endpoint& endpoint, const std::vector<T>& values) {
  return json_reply(endpoint.success, to_json(values));
}

// What a handler takes and gives, from its signature.
template <class Function>
struct Signature;
template <class R, class C>
struct Signature<std::function<core::Result<R>(C&)>> {
  using Out = R;
  using In = void;
};
template <class R, class C, class I>
struct Signature<std::function<core::Result<R>(C&, const I&)>> {
  using Out = R;
  using In = I;
};

template <class Out>
void declare_output(Endpoint& endpoint) {
  Answer success{.status = endpoint.success};
  if constexpr (Shaped<Out>) {
    success.shape = &shape_of<Out>();
  } else if constexpr (requires { typename Out::value_type; }) {
    success.shape = &shape_of<typename Out::value_type>();
    success.list = true;
  }
  endpoint.answers.insert(endpoint.answers.begin(), success);
}

// Adds endpoints of one dialect behind one gate. `Call` is what the gate makes of a request for the
// handler: module api's own type. `Gate` has
//   Reply admit(const Endpoint&, Request&, const Group::Next& next);
// which answers the request itself, or makes a Call and returns next(request, call), perhaps
// changed.
template <class Call, class Gate>
class Group {
 public:
  // What an endpoint does behind the gate; made once, when it is added.
  using Next = std::function<Reply(const Request&, Call&)>;

  // All must outlive this and the router.
  Group(Api& api, const Dialect& dialect, Gate& gate) : api_(api), dialect_(dialect), gate_(gate) {}

  template <class H>
  const Endpoint& add(Endpoint declared, H handler) {
    using Handles = Signature<decltype(std::function(handler))>;
    using In = typename Handles::In;
    declared.dialect = &dialect_;
    if constexpr (!std::is_void_v<In>) declared.input = &shape_of<In>();
    if constexpr (!std::is_same_v<typename Handles::Out, Reply>) {
      declare_output<typename Handles::Out>(declared);
    }
    return api_.add(std::move(declared), [&](const Endpoint& endpoint) -> Handler {
      Next next = [&endpoint, handler](const Request& request, Call& call) {
        return run<In>(endpoint, request, call, handler);
      };
      return [&endpoint, &gate = gate_, next = std::move(next)](Request& request) {
        return gate.admit(endpoint, request, next);
      };
    });
  }

 private:
  template <class In, class H>
  static Reply run(const Endpoint& endpoint, const Request& request, Call& call, const H& handler) {
    if constexpr (std::is_void_v<In>) {
      if (auto refused = read_input(endpoint, request, nullptr)) return *std::move(refused);
      return finish(endpoint, request, handler(call));
    } else {
      In in{};
      if (auto refused = read_input(endpoint, request, &in)) return *std::move(refused);
      return finish(endpoint, request, handler(call, std::as_const(in)));
    }
  }

  template <class Out>
  static Reply finish(const Endpoint& endpoint, const Request& request, core::Result<Out> result) {
    if (!result.ok()) return refuse(endpoint, request, result.error());
    return answer(endpoint, *std::move(result));
  }

  Api& api_;
  const Dialect& dialect_;
  Gate& gate_;
};

}  // namespace coupon::http
