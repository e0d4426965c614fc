#include "src/api/gate/idempotency.h"

#include <algorithm>
#include <charconv>
#include <cstring>
#include <nlohmann/json.hpp>

#include "coupond/core/limits.h"
#include "coupond/http/json.h"
#include "coupond/service/replies.h"

namespace coupon::api {
namespace {

using core::Reason;
using core::Result;
using service::Caller;

// A field that only stored replies have: the scopes of whom they were for.
constexpr std::string_view kScopes = "Stored-Scopes";

// Takes that field off a stored reply. False where `now` lacks one of them: who was demoted, or
// whose key was given less, does not hear again what it took more to be told.
bool may_hear(service::Scopes now, http::Reply& reply) {
  const auto field = std::find_if(reply.headers.begin(), reply.headers.end(),
                                  [](const auto& header) { return header.first == kScopes; });
  if (field == reply.headers.end()) return true;
  const auto then = service::Scopes::parse(field->second);
  reply.headers.erase(field);
  return then && then->is_within(now);
}

bool is_visible(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) { return c >= ' ' && c <= '~'; });
}

std::string principal_of(const Caller& caller, const http::Request& request) {
  if (caller.kind != Caller::Kind::kAnonymous) return caller.actor;
  return caller.actor + " at " + address_key(request);
}

core::Digest key_hash_of(std::string_view principal, const http::Request& request,
                         std::string_view key) {
  core::Hasher hasher;
  hasher.add(principal).add(request.method).add(static_cast<std::int64_t>(request.segments.size()));
  for (const std::string& segment : request.segments) hasher.add(segment);
  return hasher.add(key).finish();
}

core::Digest digest_of(const http::Request& request, std::string_view body) {
  core::Hasher hasher;
  for (const auto& [name, value] : request.query) hasher.add(name).add(value);
  return hasher.add_null().add(body).finish();
}

// White space, escapes and the order of fields mean nothing.
core::Digest meaning_of(const http::Request& request) {
  const auto json = http::parse_json(request.body);
  return digest_of(request, json.ok() ? json->dump() : request.body);
}

// A reply as text: status and lengths in a line, then what they measure.
std::string encode(const http::Reply& reply) {
  std::string text = std::to_string(reply.status) + ' ' + std::to_string(reply.headers.size());
  const auto add = [&text](std::string_view part) {
    text += ' ' + std::to_string(part.size()) + ':';
    text += part;
  };
  add(reply.content_type);
  add(reply.body);
  for (const auto& [name, value] : reply.headers) {
    add(name);
    add(value);
  }
  return text;
}

// Reads what encode() wrote; the seal has made sure that it did.
class Decoder {
 public:
  explicit Decoder(std::string_view text) : rest_(text) {}

  std::size_t number() {
    std::size_t value = 0;
    const auto [end, problem] = std::from_chars(rest_.data(), rest_.data() + rest_.size(), value);
    rest_.remove_prefix(static_cast<std::size_t>(end - rest_.data()));
    if (!rest_.empty()) rest_.remove_prefix(1);  // the blank or colon behind it
    return value;
  }
  std::string part() {
    const std::size_t size = number();
    std::string text(rest_.substr(0, size));
    rest_.remove_prefix(std::min(rest_.size(), size + 1));
    return text;
  }

 private:
  std::string_view rest_;
};

http::Reply decode(std::string_view text) {
  Decoder decoder(text);
  http::Reply reply;
  reply.status = static_cast<int>(decoder.number());
  const std::size_t headers = decoder.number();
  reply.content_type = decoder.part();
  reply.body = decoder.part();
  for (std::size_t i = 0; i < headers; ++i) {
    std::string name = decoder.part();
    reply.headers.emplace_back(std::move(name), decoder.part());
  }
  return reply;
}

}  // namespace

Idempotency::Idempotency(service::Engine& engine, Limits& limits)
    : engine_(engine), limits_(limits) {}

Result<std::optional<KeyedRequest>> Idempotency::identify(const http::Endpoint& endpoint,
                                                          const http::Request& request,
                                                          const Caller& caller) {
  const auto key = request.header("Idempotency-Key");
  if (!key || !endpoint.keyed || !endpoint.mutates()) return std::optional<KeyedRequest>();
  if (key->empty() || key->size() > core::limits::kIdempotencyKeyMaxBytes || !is_visible(*key)) {
    return core::Error{.reason = Reason::kInvalidRequest,
                       .message = "Idempotency-Key must be 1 to 255 printable ASCII characters"};
  }
  KeyedRequest keyed{.principal = principal_of(caller, request), .scopes = caller.scopes};
  keyed.key_hash = key_hash_of(keyed.principal, request, *key);
  keyed.said = meaning_of(request);
  keyed.written = digest_of(request, request.body);
  return std::optional(std::move(keyed));
}

Result<std::optional<http::Reply>> Idempotency::recall(const KeyedRequest& keyed) {
  using Found = std::optional<service::StoredReply>;
  const core::UnixMs since = engine_.clock()() - core::limits::kIdempotencyKeptMs;
  auto found = engine_.readers().read<Found>([&](store::Connection& db) -> Result<Found> {
    return service::find_reply(db, keyed.key_hash, since);
  });
  if (!found.ok()) return found.error();
  if (!*found) {
    auto refusal = limits_.refuse_key(keyed.principal, keyed.trusted());
    if (refusal) return *std::move(refusal);
    return std::optional<http::Reply>();
  }
  const core::Digest& said = (*found)->request;
  if (said != keyed.said && said != keyed.written) return Reason::kIdempotencyMismatch;
  const auto text = service::open_reply(engine_.secrets(), **found);
  if (!text) return Reason::kInternal;
  http::Reply reply = decode(*text);
  if (!may_hear(keyed.scopes, reply))
    return core::Error{.reason = Reason::kForbidden, .message = {}};
  reply.headers.emplace_back("Idempotent-Replayed", "true");
  return std::optional(std::move(reply));
}

void Idempotency::keep(store::Tx& tx, const KeyedRequest& keyed, const http::Reply& reply) const {
  http::Reply kept{.status = reply.status,
                   .content_type = reply.content_type,
                   .body = reply.body,
                   .headers = reply.headers};
  if (keyed.trusted()) kept.headers.emplace_back(kScopes, keyed.scopes.to_text());
  service::insert_reply(
      tx, {.key_hash = keyed.key_hash,
           .request = keyed.said,
           .sealed = service::seal_reply(engine_.secrets(), keyed.key_hash, keyed.said,
                                         encode(kept), engine_.random()),
           .created_at = tx.now()});
  tx.on_commit([this, keyed] { limits_.count_key(keyed.principal, keyed.trusted()); });
}

Idempotency::Running::Running(Idempotency& owner, const core::Digest& key)
    : owner_(owner), key_(key) {
  const core::MutexLock lock(owner_.mutex_);
  first_ = owner_.running_.insert(key_).second;
}

Idempotency::Running::~Running() {
  if (!first_) return;
  const core::MutexLock lock(owner_.mutex_);
  owner_.running_.erase(key_);
}

std::size_t Idempotency::FirstBytes::operator()(const core::Digest& digest) const {
  std::size_t bytes = 0;
  std::memcpy(&bytes, digest.data(), sizeof bytes);
  return bytes;
}

}  // namespace coupon::api
