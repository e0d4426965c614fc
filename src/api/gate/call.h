// Call: what a handler works with. Made by the Gate for one request, on the worker that runs it.
//
// A handler reads, writes, and says what came of it; the rest is done around it:
//
//   v1.add({.route = "POST /api/v1/api-keys", .id = "createApiKey", .summary = "Create an API key",
//           .auth = Auth::kAdmin, .success = 201},
//          [](Call& call, const NewKeyRequest& in) -> Result<NewKeyReply> {
//            return call.write("api_key.create", [&](store::Tx& tx) {
//              return service::create_api_key(tx, call.engine, call.caller, in.name, in.scopes);
//            }, new_key_reply);                     // NewKeyReply new_key_reply(const NewApiKey&)
//          });
#pragma once

#include <optional>
#include <string_view>
#include <type_traits>
#include <utility>

#include "coupond/core/result.h"
#include "coupond/http/endpoint.h"
#include "coupond/service/caller.h"
#include "coupond/service/engine.h"
#include "src/api/gate/idempotency.h"
#include "src/api/gate/limits.h"
#include "src/api/gate/refusal_counts.h"

namespace coupon::api {

// What a Result<T> is of.
template <class R>
struct ResultOf;
template <class T>
struct ResultOf<core::Result<T>> {
  using Value = T;
};
// What `f(args…)`, which returns Result<T>, gives.
template <class F, class... Args>
using Yield = typename ResultOf<std::invoke_result_t<F, Args...>>::Value;

// Whether a refusal will still be the answer to the same request later: only such are stored.
bool is_final(const core::Error& error);

struct Call {
  service::Engine& engine;
  const http::Endpoint& endpoint;
  const http::Request& request;
  service::Caller caller;
  std::string_view token = {};  // as the client showed it; for Auth::kRefresh, not looked at yet
  Limits& limits;
  Idempotency& idempotency;
  const RefusalCounts& refusals;
  std::optional<KeyedRequest> keyed = {};
  bool dry_run = false;
  // What was stored for repetitions of this request: then it is the answer, whatever the handler
  // makes of it.
  std::optional<http::Reply> stored_reply = {};
  // The request names a code that exists, whatever the caller is told: then it is no guess.
  bool code_exists = false;
  std::optional<std::string> next_page = {};  // what more() was told

  // The account that is logged in. Only behind Auth::kSession and up, without a scope: there, no
  // API key gets through.
  core::UserId user_id() const { return caller.user_id.value(); }
  core::UnixMs now() const { return engine.clock()(); }

  // For a list whose reply has no room for a cursor: it goes on with this query, which a Link
  // header says (RFC 8288, rel=next). Without that header the list is complete.
  void more(std::string query) { next_page = std::move(query); }

  // Runs `body(Connection&)`, which returns Result<T>, on a snapshot of the database.
  template <class Body>
  auto read(Body&& body) -> core::Result<Yield<Body, store::Connection&>> {
    return engine.readers().template read<Yield<Body, store::Connection&>>(
        std::forward<Body>(body));
  }

  // The same for a list, whose length a client can choose: lists have a share of the readers, so
  // that they cannot keep what redeems from looking things up.
  template <class Body>
  auto read_list(Body&& body) -> core::Result<Yield<Body, store::Connection&>> {
    return engine.readers().template read<Yield<Body, store::Connection&>>(
        std::forward<Body>(body), store::Readers::Use::kList);
  }

  // Runs `body(Tx&)`, which returns Result<T>, as one write operation, and gives `render(const
  // T&)`: the value to answer with, or a Reply. At most once a request. Under an Idempotency-Key
  // the answer is stored with the effect, so it is rendered on the writer's thread: `render` must
  // not read, write or block. With dry_run everything is done and undone.
  template <class Body, class Render>
  auto write(const char* name, Body&& body, Render&& render) {
    using T = Yield<Body, store::Tx&>;
    using Out = std::remove_cvref_t<std::invoke_result_t<Render, const T&>>;
    if (keyed) return write_once<T, Out>(name, body, render);
    const auto intent = dry_run ? store::Writer::Intent::kDryRun : store::Writer::Intent::kCommit;
    auto done = engine.writer().run<T>(name, std::forward<Body>(body), intent);
    if (!done.ok()) return core::Result<Out>(std::move(done.error()));
    return core::Result<Out>(render(std::as_const(*done)));
  }
  // The same where the operation's value is the answer.
  template <class Body>
  auto write(const char* name, Body&& body) {
    using T = Yield<Body, store::Tx&>;
    return write(name, std::forward<Body>(body), [](const T& value) { return value; });
  }

 private:
  // The refusal is kept, the effects of what was refused are not: hence the attempt within.
  template <class T, class Out, class Body, class Render>
  core::Result<Out> write_once(const char* name, Body& body, Render& render) {
    using Outcome = core::Result<Out>;
    auto stored = engine.writer().run<Outcome>(name, [&](store::Tx& tx) -> core::Result<Outcome> {
      std::optional<Outcome> outcome;
      tx.attempt([&] {
        core::Result<T> done = body(tx);
        outcome = done.ok() ? Outcome(render(std::as_const(*done))) : Outcome(done.error());
        return outcome->ok();
      });
      if (!outcome->ok() && !is_final(outcome->error())) return outcome->error();
      stored_reply = reply_for(*outcome);
      idempotency.keep(tx, *keyed, *stored_reply);
      return *std::move(outcome);
    });
    if (!stored.ok()) {
      stored_reply.reset();
      return stored.error();
    }
    return *std::move(stored);
  }

  template <class Out>
  http::Reply reply_for(const core::Result<Out>& outcome) const {
    if (!outcome.ok()) return http::refuse(endpoint, request, outcome.error());
    return http::answer(endpoint, *outcome);
  }
};

}  // namespace coupon::api
