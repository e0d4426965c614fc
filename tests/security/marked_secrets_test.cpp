// Goal: no secret that goes through the API can be read in a log, in the database or in a backup.
// Method: more than a thousand of them, of every kind there is, sent and received the right way and
// the wrong way (in paths, queries and headers where they do not belong); then every byte the
// server left is searched for each of them, plain, as base64, base64url and hexadecimal.
#include <sodium.h>

#include <catch2/catch.hpp>
#include <cstring>
#include <filesystem>
#include <unordered_map>

#include "tests/security/site.h"
#include "tests/support/raw_client.h"

using namespace coupon;
using nlohmann::json;
using test::BlackBox;
using test::HttpClient;
using test::knock;
using test::Person;

namespace {

std::string encoded(std::string_view text, int variant) {
  std::string out(sodium_base64_ENCODED_LEN(text.size(), variant), '\0');
  sodium_bin2base64(out.data(), out.size(), reinterpret_cast<const unsigned char*>(text.data()),
                    text.size(), variant);
  out.resize(std::strlen(out.c_str()));
  return out;
}

// The part of the encoding that is the same whatever stands before and behind, for each of the
// three ways the text can lie in it.
std::vector<std::string> inner_base64(const std::string& secret, int variant) {
  std::vector<std::string> forms;
  for (std::size_t before = 0; before < 3; ++before) {
    const std::string whole = encoded(std::string(before, 'x') + secret, variant);
    const std::size_t from = before == 0 ? 0 : 4;
    forms.push_back(whole.substr(from, (before + secret.size()) / 3 * 4 - from));
  }
  return forms;
}

std::vector<std::string> readable_forms(const std::string& secret) {
  std::vector<std::string> forms = {secret};
  std::string hex;
  for (const char c : secret) {
    constexpr char kDigits[] = "0123456789abcdef";
    hex += kDigits[static_cast<unsigned char>(c) >> 4];
    hex += kDigits[static_cast<unsigned char>(c) & 15];
  }
  forms.push_back(hex);
  for (char& c : hex) c = static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
  forms.push_back(hex);
  for (const int variant :
       {sodium_base64_VARIANT_ORIGINAL_NO_PADDING, sodium_base64_VARIANT_URLSAFE_NO_PADDING}) {
    for (std::string& form : inner_base64(secret, variant)) forms.push_back(std::move(form));
  }
  return forms;
}

// Finds any of many texts in one pass.
class Searcher {
 public:
  void add(const std::string& kind, const std::string& secret) {
    if (secret.size() < 12) throw std::logic_error("too short to be looked for: " + secret);
    ++secrets_;
    for (std::string& form : readable_forms(secret)) {
      const std::uint64_t first = first_bytes(form.data());
      by_first_bytes_.emplace(first, Form{kind, std::move(form)});
    }
  }
  int secrets() const { return secrets_; }

  // A kind and form that is in the text; empty when none is.
  std::string found_in(std::string_view text) const {
    for (std::size_t at = 0; at + sizeof(std::uint64_t) <= text.size(); ++at) {
      const auto [begin, end] = by_first_bytes_.equal_range(first_bytes(text.data() + at));
      for (auto it = begin; it != end; ++it) {
        if (text.substr(at).starts_with(it->second.text)) {
          return it->second.kind + " as " + it->second.text;
        }
      }
    }
    return {};
  }

 private:
  struct Form {
    std::string kind;
    std::string text;
  };
  static std::uint64_t first_bytes(const char* text) {
    std::uint64_t value = 0;
    std::memcpy(&value, text, sizeof value);
    return value;
  }

  int secrets_ = 0;
  std::unordered_multimap<std::uint64_t, Form> by_first_bytes_;
};

// Makes secrets of every kind through a server's API, and remembers them.
class Spiller {
 public:
  Spiller(int port, Person admin, std::string mark, Searcher& searcher)
      : port_(port),
        client_(port),
        admin_(std::move(admin)),
        mark_(std::move(mark)),
        searcher_(searcher) {}

  void accounts(int count) {
    for (int i = 0; i < count; ++i) {
      const std::string email = mark_ + std::to_string(i) + "-address@example.com";
      const std::string password = known("password", "Pass-" + mark_ + number(i) + "-word");
      const std::string wrong = known("wrong password", "Wrong-" + mark_ + number(i) + "-word");
      searcher_.add("address", email);
      // As the claim service's clients do: all in the query.
      const auto made = client_.post("/register?email=" + email + "&password=" + password);
      REQUIRE(made.status == 200);
      remember_session(json::parse(made.body));
      client_.post("/login?email=" + email + "&password=" + wrong);
      const json session =
          json::parse(client_.post("/api/v1/auth/login", test::credentials(email, password)).body);
      remember_session(session);
      const json refresh = {{"refresh_token", session.at("refresh_token")}};
      remember_session(json::parse(client_.post("/api/v1/auth/refresh", refresh.dump()).body));
      person_ = {.token = session.at("access_token").get<std::string>()};
    }
  }

  void codes(int lots) {
    for (int i = 0; i < lots; ++i) {
      const auto made =
          ask(client_, admin_, "POST", "/admin/generate-codes", R"({"count":100})").body;
      for (const auto& code : made.at("codes"))
        cards_.push_back(known("card", code.get<std::string>()));
    }
    const json book = {{"name", mark_ + " book"},
                       {"startDate", "2020-01-01T00:00:00Z"},
                       {"endDate", "2099-01-01T00:00:00Z"}};
    const json made = ask(client_, admin_, "POST", "/coupons", book.dump()).body;
    json upload = {{"couponBookId", made.at("id")}, {"codes", json::array()}};
    std::string import = "code\n";
    for (int i = 0; i < 100; ++i) {
      upload["codes"].push_back(known("uploaded code", "UPLOADED" + mark_ + number(i)));
      import += known("imported code", "IMPORTED" + mark_ + number(i)) + "\n";
    }
    REQUIRE(ask(client_, admin_, "POST", "/coupons/codes", upload.dump()).status == 201);
    const auto campaign = made.at("id").get<std::string>();
    const auto imported = knock(port_, "POST", "/api/v1/campaigns/" + campaign + "/codes/import",
                                admin_.token, import, {{"Content-Type", "text/csv"}});
    INFO(imported.body);
    REQUIRE(imported.status == 202);
  }

  // Uses cards under idempotency keys, holds one, mints tokens, makes API keys.
  void uses(int count) {
    for (int i = 0; i < count; ++i) {
      const std::string key = known("idempotency key", "idem-" + mark_ + number(i));
      const std::string path = "/api/v1/coupons/" + cards_[std::size_t(i)];
      const json held = ask(client_, person_, "POST", path + "/hold", "{}").body;
      const json body = {{"hold_token", known("hold token", text_in(held, "hold_token"))}};
      const test::Headers headers = {{"Authorization", "Bearer " + person_.token},
                                     {"Idempotency-Key", key}};
      for (int repeat = 0; repeat < 2; ++repeat) {
        CHECK(client_.post(path + "/redeem", body.dump(), headers).status == 201);
      }
      const test::Headers admins = {{"Authorization", "Bearer " + admin_.token},
                                    {"Idempotency-Key", key}};
      const auto made =
          client_.post("/api/v1/api-keys", R"({"name":"till","scopes":["read"]})", admins);
      known("API key", text_in(json::parse(made.body), "key"));
    }
    for (int i = 0; i < 5; ++i) {
      const json minted = ask(client_, person_, "POST", "/generate-coupon").body;
      const std::string token = known("coupon token", text_in(minted, "token"));
      ask(client_, {}, "POST", "/validate-token", json{{"token", token}}.dump());
      ask(client_, {}, "POST", "/use-token", json{{"token", token}}.dump());
      ask(client_, {}, "POST", "/use-token", json{{"token", token + "x"}}.dump());
    }
  }

  // Secrets where none belong, in requests that are refused.
  void misplaced(int count) {
    for (int i = 0; i < count; ++i) {
      const std::string secret = known("misplaced secret", "misplaced-" + mark_ + number(i));
      const test::Headers headers = {{"User-Agent", secret},
                                     {"Referer", "http://x/?p=" + secret},
                                     {"X-Forwarded-For", secret},
                                     {"Cookie", "s=" + secret},
                                     {"X-Request-Id", secret + "-!"}};
      client_.get("/" + secret + "?password=" + secret, headers);
      client_.get("/api/v1/coupons/" + secret, headers);
      knock(port_, "GET", "/api/v1/me?token=" + secret, secret);
      knock(port_, "POST", "/login", {}, "{\"email\":\"" + secret + "\",\"password\":");
      knock(port_, "POST", "/redeem", person_.token,
            json{{"user_id", secret}, {"card_code", secret}, {secret, 1}}.dump());
      knock(port_, "TRACE", "/" + secret, secret);
      test::RawClient raw(port_);
      raw.send("GET /" + secret + " HTTP/9.9\r\nAuthorization: " + secret + "\r\n\r\n");
      raw.read_to_end();
    }
  }

 private:
  std::string known(const std::string& kind, const std::string& secret) {
    searcher_.add(kind, secret);
    return secret;
  }
  static std::string text_in(const json& body, const char* name) {
    INFO(body.dump());
    REQUIRE(body.contains(name));
    return body[name].get<std::string>();
  }
  void remember_session(const json& session) {
    known("access token", text_in(session, "access_token"));
    known("refresh token", text_in(session, "refresh_token"));
  }
  static std::string number(int i) { return std::to_string(10'000 + i); }

  const int port_;
  HttpClient client_;
  const Person admin_;
  const std::string mark_;
  Searcher& searcher_;
  Person person_;
  std::vector<std::string> cards_;
};

}  // namespace

TEST_CASE("a thousand secrets through the whole API: none in logs, database or backup",
          "[S15][S34][security]") {
  Searcher searcher;
  BlackBox box;
  const Person admin = box.add_person(domain::Role::kAdmin);
  std::string logs;
  for (const std::string format : {"text", "json"}) {
    box.start({"--log", format});
    Spiller spiller(box.server().port(), admin, "QZ" + format + "QZ", searcher);
    spiller.accounts(test::long_run() ? 40 : 6);
    spiller.codes(3);
    spiller.uses(30);
    spiller.misplaced(30);
    const auto backed = test::run_coupond(
        {"backup", box.data_dir() + "." + format + "-backup", "--data", box.data_dir()});
    INFO(backed.output);
    REQUIRE(backed.code == 0);
    // While it runs, with its write-ahead log as it is; and without a clean end.
    const std::string left = test::bytes_under(box.data_dir());
    REQUIRE(left.size() > 100'000);
    CHECK(searcher.found_in(left) == "");
    CHECK(searcher.found_in(backed.output) == "");
    logs = box.server().output();
    CHECK(std::count(logs.begin(), logs.end(), '\n') > 200);
    CHECK(searcher.found_in(logs) == "");
    box.server().kill();
    CHECK(searcher.found_in(test::bytes_of(box.data_dir() + "." + format + "-backup")) == "");
  }
  CHECK(searcher.secrets() >= 1000);
  CHECK(searcher.found_in("x" + encoded("{\"p\":\"Pass-QZtextQZ10001-word\"}",
                                        sodium_base64_VARIANT_URLSAFE)) != "");
  CHECK(box.divergence() == "");
  WARN(searcher.secrets() << " secrets of 14 kinds: none in logs, database, log files or backups");
}
