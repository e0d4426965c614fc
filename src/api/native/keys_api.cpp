// /api/v1/api-keys: keys for programs. Administrators only, and no key can make another.

#include "coupond/service/api_keys.h"
#include "src/api/gate/cursor.h"
#include "src/api/native/fields.h"
#include "src/api/native/native.h"
#include "src/api/words.h"

namespace coupon::api {
namespace {

using service::Scope;

http::Choices<Scope> scope_choices() {
  return {{"admin", Scope::kAdmin},
          {"issue", Scope::kIssue},
          {"redeem", Scope::kRedeem},
          {"read", Scope::kRead},
          {"till", Scope::kTill}};
}

struct KeyReply {
  std::int64_t id = 0;
  std::string name;
  std::vector<Scope> scopes;
  std::string hint;
  core::UnixMs created_at;
  std::optional<std::int64_t> created_by;
  std::optional<core::UnixMs> revoked_at;
  std::optional<std::int64_t> guesses;
  static http::Object<KeyReply> shape() {
    using K = KeyReply;
    return {"ApiKey",
            "An API key; the key itself is not kept.",
            {
                integer("id", &K::id, "Its number."),
                text("name", &K::name, "What it is for."),
                http::list("scopes", &K::scopes, "What it may do.", {}, scope_choices()),
                text("hint", &K::hint, "Its last four characters."),
                timestamp("created_at", &K::created_at, "When it was made."),
                integer("created_by", &K::created_by, "The account that made it."),
                timestamp("revoked_at", &K::revoked_at, "When it was revoked; null: it works."),
                integer("guesses_per_minute", &K::guesses,
                        "Wrong codes a minute before it waits; null: the usual limit."),
            }};
  }
};

struct NewKeyReply {
  KeyReply key;
  std::string secret;
  core::Seq seq;
  static http::Object<NewKeyReply> shape() {
    return {"NewApiKey",
            "An API key, this once with the key itself.",
            {
                http::include(&NewKeyReply::key),
                text("key", &NewKeyReply::secret,
                     "Send it as Authorization: Bearer. It cannot be shown again."),
                integer("seq", &NewKeyReply::seq, "The ledger entry."),
            }};
  }
};

struct RevokedKeyReply {
  KeyReply key;
  core::Seq seq;
  static http::Object<RevokedKeyReply> shape() {
    return {"RevokedApiKey",
            "An API key that no longer works.",
            {
                http::include(&RevokedKeyReply::key),
                integer("seq", &RevokedKeyReply::seq, "The ledger entry."),
            }};
  }
};

struct NewKeyInput {
  std::string name;
  std::vector<Scope> scopes;
  std::optional<std::int64_t> guesses;
  static http::Object<NewKeyInput> shape() {
    return {"NewApiKeyRequest",
            "A key for a program.",
            {
                text("name", &NewKeyInput::name, "What it is for.", {.min = 1, .max = 256})
                    .example("till 3"),
                http::list("scopes", &NewKeyInput::scopes, "What it may do.", {.min = 1, .max = 5},
                           scope_choices())
                    .example_json(R"(["redeem"])"),
                integer("guesses_per_minute", &NewKeyInput::guesses,
                        "Wrong codes a minute before it waits, for whomever they are tried; null: "
                        "10 for each customer it names, 300 in all.",
                        {.min = 1, .max = 1'000'000}),
            }};
  }
};

struct KeyName {
  std::int64_t id = 0;
  bool with_made = false;
  static http::Object<KeyName> shape() {
    return {"ApiKeyName",
            "Which key.",
            {
                integer("id", &KeyName::id, "Its number.", {.min = 1}),
                http::boolean("with_made", &KeyName::with_made,
                              "Whether what it made ends with it: accounts, and keys of theirs.")
                    .optional(),
            }};
  }
};

std::vector<Scope> scopes_of(const std::string& words) {
  std::vector<Scope> scopes;
  std::size_t at = 0;
  while (at < words.size()) {
    const std::size_t end = std::min(words.find(' ', at), words.size());
    if (const auto scope = service::parse_scope(words.substr(at, end - at))) {
      scopes.push_back(*scope);
    }
    at = end + 1;
  }
  return scopes;
}

KeyReply key_reply(const store::ApiKey& key) {
  return {.id = key.id,
          .name = key.name,
          .scopes = scopes_of(key.scopes),
          .hint = key.hint,
          .created_at = key.created_at,
          .created_by = key.created_by ? std::optional(key.created_by->value) : std::nullopt,
          .revoked_at = key.revoked_at,
          .guesses = key.guesses};
}

Result<NewKeyReply> create_key(Call& call, const NewKeyInput& in) {
  service::Scopes scopes;
  for (const Scope scope : in.scopes) scopes = scopes.with(scope);
  return call.write(
      "api_key.create",
      [&](store::Tx& tx) {
        return service::create_api_key(tx, call.engine, call.caller, in.name, scopes, in.guesses);
      },
      [](const service::NewApiKey& made) {
        return NewKeyReply{.key = key_reply(made.key), .secret = made.secret, .seq = made.seq};
      });
}

Result<Page<KeyReply>> list_keys(Call& call, const PageQuery& in) {
  const auto after = id_of_cursor(in.cursor);
  if (!after.ok()) return after.error();
  return call.read_list([&](store::Connection& db) -> Result<Page<KeyReply>> {
    Page<KeyReply> page;
    for (const store::ApiKey& key : store::list_api_keys(db, *after, in.limit + 1)) {
      if (static_cast<std::int64_t>(page.items.size()) == in.limit) {
        page.next_cursor = cursor_after(page.items.back().id);
        break;
      }
      page.items.push_back(key_reply(key));
    }
    return page;
  });
}

Result<RevokedKeyReply> revoke(Call& call, const KeyName& in) {
  return call.write(
      "api_key.revoke",
      [&](store::Tx& tx) {
        return in.with_made ? service::revoke_with_made(tx, call.engine, call.caller, in.id)
                            : service::revoke_api_key(tx, call.engine, call.caller, in.id);
      },
      [](const service::RevokedApiKey& done) {
        return RevokedKeyReply{.key = key_reply(done.key), .seq = done.seq};
      });
}

}  // namespace

void add_key_endpoints(Endpoints& v1) {
  v1.add({.route = "POST /api/v1/api-keys",
          .id = "createApiKey",
          .summary = "Make an API key",
          .auth = Auth::kAdmin,
          .success = 201},
         create_key);
  v1.add({.route = "GET /api/v1/api-keys",
          .id = "listApiKeys",
          .summary = "List API keys, oldest first",
          .auth = Auth::kAdmin,
          .refusals = {{400, Reason::kInvalidCursor}}},
         list_keys);
  v1.add({.route = "DELETE /api/v1/api-keys/{id}",
          .id = "revokeApiKey",
          .summary = "Revoke an API key",
          .doc = "Requests with it are refused from then on. The key stays in the list. Accounts "
                 "that it made go on, unless with_made is true; `made_by_key` of an account tells.",
          .auth = Auth::kAdmin,
          .refusals = {{404, Reason::kUnknownApiKey}}},
         revoke);
}

}  // namespace coupon::api
