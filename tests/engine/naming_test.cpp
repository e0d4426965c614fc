// What a name means. Ids and names share one argument: a stranger who could call himself "2" would
// get what was meant for account 2.
#include "coupond/service/naming.h"

#include <catch2/catch.hpp>

#include "coupond/core/ids.h"
#include "coupond/service/accounts.h"
#include "coupond/service/campaigns.h"
#include "coupond/store/campaigns.h"
#include "tests/support/live_engine.h"
#include "tests/support/text.h"

using namespace coupon;
using core::Reason;
using core::Result;
using service::Caller;
using test::LiveEngine;
using test::mentions;

namespace {

constexpr const char* kObjectId = "000000000000000000000002";
constexpr const char* kUuid = "0b8c51a6-7f0e-4c55-9d6e-3f2a1b0c9d8e";

Result<service::UserChange> sign_up(LiveEngine& engine, const std::string& email,
                                    const std::string& username) {
  return engine.run<service::UserChange>([&](store::Tx& tx) {
    return service::create_user(tx, *engine, Caller::anonymous(),
                                {.email = email, .username = username, .password_hash = "x"});
  });
}

// An account as 0.1.0 let one through.
core::UserId old_account(LiveEngine& engine, const std::string& email,
                         const std::string& username) {
  const auto made = sign_up(engine, email, "plain-" + email.substr(0, 1));
  const core::UserId id = made.value().user.id;
  engine
      .run<core::Done>([&](store::Tx& tx) -> Result<core::Done> {
        store::Query(tx.db(), "UPDATE users SET username = ? WHERE id = ?", username, id).run();
        return core::Done{};
      })
      .value();
  return id;
}

Result<service::CampaignWritten> found(LiveEngine& engine, const std::string& name,
                                       const std::string& slug = {}) {
  domain::Campaign campaign;
  campaign.uuid = core::uuid4(engine->random());
  campaign.mode = domain::Mode::kPool;
  campaign.name = name;
  campaign.slug = slug;
  return engine.run<service::CampaignWritten>(
      [&](store::Tx& tx) { return service::create_campaign(tx, Caller::cli(), campaign); });
}

core::CampaignId old_campaign(LiveEngine& engine, const std::string& slug) {
  const core::CampaignId id = found(engine, "old " + slug).value().campaign.id;
  engine
      .run<core::Done>([&](store::Tx& tx) -> Result<core::Done> {
        store::Query(tx.db(), "UPDATE campaigns SET slug = ? WHERE id = ?", slug, id).run();
        tx.campaign_changed(id);
        return core::Done{};
      })
      .value();
  return id;
}

Result<domain::User> user(LiveEngine& engine, const std::string& name) {
  return engine->readers().read<domain::User>(
      [&](store::Connection& db) { return service::find_user_named(db, name); });
}

Result<domain::Campaign> campaign(LiveEngine& engine, const std::string& name) {
  return engine->readers().read<domain::Campaign>(
      [&](store::Connection& db) { return service::find_campaign(db, name); });
}

}  // namespace

TEST_CASE("nobody can take a username that could be somebody's id", "[naming]") {
  LiveEngine engine;
  for (const char* name : {"2", "02", "+2", "-2", "99999999999999999999999999", kUuid, kObjectId,
                           "abcdefabcdefabcdefabcdef", "id:2", "user:ada", "slug:x"}) {
    CAPTURE(name);
    const auto refused = sign_up(engine, "mallory@example.com", name);
    REQUIRE_FALSE(refused.ok());
    CHECK(refused.error().reason == Reason::kInvalidRequest);
    CHECK(refused.error().fields.front().field == "username");
  }
  CHECK(sign_up(engine, "a@example.com", "agent 007").ok());
  CHECK(sign_up(engine, "b@example.com", "4you").ok());
}

TEST_CASE("nobody can take a username that looks like another's", "[naming]") {
  LiveEngine engine;
  REQUIRE(sign_up(engine, "ada@example.com", "Ada").ok());
  REQUIRE(sign_up(engine, "ue@example.com", "\u00fcber").ok());
  for (const char* name : {"ada", "ADA"}) {
    CAPTURE(name);
    CHECK(sign_up(engine, "mallory@example.com", name).error().reason == Reason::kUsernameTaken);
  }
  // Full-width letters, a zero width space, a ligature, a combined letter, a capital beyond ASCII.
  for (const char* name :
       {"\uff41\uff44\uff41", "a\u200bda", "\ufb01nn", "u\u0308ber", "\u00dcber"}) {
    CAPTURE(name);
    const auto refused = sign_up(engine, "mallory@example.com", name);
    REQUIRE_FALSE(refused.ok());
    CHECK(refused.error().reason == Reason::kInvalidRequest);
    CHECK(mentions(refused.error().fields.front().message, "write it as "));
  }
  CHECK(user(engine, "user:Ada").ok());
}

TEST_CASE("a username does not mix scripts in one word", "[naming]") {
  LiveEngine engine;
  // A Cyrillic a, a Greek omicron, a Cyrillic letter behind a digit.
  for (const char* name : {"\u0430da", "b\u03bfb", "a7\u0430", "the \u0430dmin", "x-\u0440aul"}) {
    CAPTURE(name);
    const auto refused = sign_up(engine, "mallory@example.com", name);
    REQUIRE_FALSE(refused.ok());
    CHECK(mentions(refused.error().fields.front().message, "must not mix Latin, Greek and"));
  }
  int people = 0;
  for (const char* name : {"ada", "\u0430\u0434\u0430", "\u03b1\u03b4\u03b1", "\u00fcber 7",
                           "anna-\u0430\u043d\u043d\u0430", "\u5f20wei", "7\u0434"}) {
    CAPTURE(name);
    CHECK(sign_up(engine, std::to_string(++people) + "@example.com", name).ok());
  }
}

TEST_CASE("a username is not of letters that all look like those of another script", "[naming]") {
  LiveEngine engine;
  // "cocoa", "pe7ep", "axe" and "viop" to a reader; the last in Greek.
  for (const char* name : {"\u0441\u043e\u0441\u043e\u0430", "\u0440\u04357\u0435\u0440",
                           "the \u0430\u0445\u0435", "\u03bd\u03b9\u03bf\u03c1"}) {
    CAPTURE(name);
    const auto refused = sign_up(engine, "mallory@example.com", name);
    REQUIRE_FALSE(refused.ok());
    CHECK(mentions(refused.error().fields.front().message, "all look like Latin ones"));
  }
  int people = 0;
  // "sokol" and "Nikos", whose l and k no Latin letter is like.
  for (const char* name : {"\u0441\u043e\u043a\u043e\u043b", "\u03bd\u03b9\u03ba\u03bf\u03c3"}) {
    CAPTURE(name);
    CHECK(sign_up(engine, std::to_string(++people) + "@example.com", name).ok());
  }
}

TEST_CASE("an owner is told of usernames of old that look alike", "[naming]") {
  LiveEngine engine;
  const auto names = [&] {
    return engine->readers()
        .read<std::vector<std::string>>(
            [&](store::Connection& db) -> Result<std::vector<std::string>> {
              return service::names_alike(db, 9);
            })
        .value();
  };
  sign_up(engine, "ada@example.com", "ada").value();
  CHECK(names().empty());
  old_account(engine, "mallory@example.com", "a\u200bda");
  REQUIRE(names().size() == 1);
  CHECK(mentions(names()[0], "id:2"));
  CHECK(mentions(names()[0], "id:1"));
  old_account(engine, "m@example.com", "b\u043eb");
  REQUIRE(names().size() == 2);
  CHECK(mentions(names()[1], "id:3"));
  CHECK(mentions(names()[1], "mixes letters of different scripts"));
  CHECK(user(engine, "user:b\u043eb").ok());
  old_account(engine, "o@example.com", "\u0441\u043e\u0441\u043e\u0430");
  REQUIRE(names().size() == 3);
  CHECK(mentions(names()[2], "not the Latin ones that they look like"));
}

TEST_CASE("an account goes by number, UUID, e-mail address and username", "[naming]") {
  LiveEngine engine;
  const auto ada = sign_up(engine, "ada@example.com", "ada").value().user;
  const std::string id = std::to_string(ada.id.value);
  for (const std::string& name : {id, "id:" + id, ada.uuid, "id:" + ada.uuid, std::string("ada"),
                                  std::string("user:ada"), std::string(" Ada@Example.COM ")}) {
    CAPTURE(name);
    CHECK(user(engine, name).value().id == ada.id);
  }
  for (const std::string& name : {"0" + id, "+" + id, " " + id, id + " ", std::string("id:ada"),
                                  "user:" + id, std::string("id:"), std::string("user:"),
                                  std::string(""), std::string("00000000000000000000000") + id}) {
    CAPTURE(name);
    CHECK(user(engine, name).error().reason == Reason::kUnknownUser);
  }
}

TEST_CASE("a username of old that is another's id is never taken for either", "[naming]") {
  LiveEngine engine;
  const auto ada = sign_up(engine, "ada@example.com", "ada").value().user;
  const std::string id = std::to_string(ada.id.value);
  const std::string taken = GENERATE(0, 1) == 0 ? id : ada.uuid;
  const core::UserId mallory = old_account(engine, "mallory@example.com", taken);
  const auto refused = user(engine, taken);
  REQUIRE_FALSE(refused.ok());
  CHECK(refused.error().reason == Reason::kInvalidRequest);
  CHECK(mentions(refused.error().message, "ada@example.com"));
  CHECK(mentions(refused.error().message, "mallory@example.com"));
  CHECK(user(engine, "id:" + taken).value().id == ada.id);
  CHECK(user(engine, "user:" + taken).value().id == mallory);
}

TEST_CASE("what programs send as an id is never a username", "[naming]") {
  LiveEngine engine;
  const core::UserId mallory = old_account(engine, "mallory@example.com", "77");
  CHECK(user(engine, "77").value().id == mallory);
  const auto by_id = engine->readers().read<domain::User>(
      [&](store::Connection& db) { return service::find_user_by_id(db, "77"); });
  CHECK(by_id.error().reason == Reason::kUnknownUser);
}

TEST_CASE("24 hex digits are a name, never the number they spell", "[naming]") {
  LiveEngine engine;
  const auto ada = sign_up(engine, "ada@example.com", "ada").value().user;
  std::string spelt = std::to_string(ada.id.value);
  spelt.insert(0, 24 - spelt.size(), '0');
  CHECK(user(engine, spelt).error().reason == Reason::kUnknownUser);
  const core::UserId other = old_account(engine, "hex@example.com", spelt);
  CHECK(user(engine, spelt).value().id == other);
}

TEST_CASE("no campaign gets a slug that could be an id", "[naming]") {
  LiveEngine engine;
  for (const char* slug : {"5", "2026", kUuid, "abcdefabcdefabcdefabcdef"}) {
    CAPTURE(slug);
    const auto refused = found(engine, "spring", slug);
    REQUIRE_FALSE(refused.ok());
    CHECK(refused.error().fields.front().field == "slug");
  }
  CHECK(found(engine, "2026").value().campaign.slug == "campaign-2026");
  CHECK(found(engine, "2026 spring").value().campaign.slug == "2026-spring");
}

TEST_CASE("a slug of old that is another campaign's id is never taken for either", "[naming]") {
  LiveEngine engine;
  const auto spring = found(engine, "spring").value().campaign;
  const std::string number = std::to_string(spring.id.value);
  const core::CampaignId old = old_campaign(engine, number);
  const auto refused = campaign(engine, number);
  REQUIRE_FALSE(refused.ok());
  CHECK(mentions(refused.error().message, "spring"));
  CHECK(campaign(engine, "id:" + number).value().id == spring.id);
  CHECK(campaign(engine, "slug:" + number).value().id == old);
  // It can still be changed.
  CHECK(engine
            .run<service::CampaignWritten>([&](store::Tx& tx) {
              return service::change_campaign(tx, Caller::cli(), old,
                                              [](domain::Campaign& c) { c.name = "older"; });
            })
            .ok());
}

TEST_CASE("an owner is told of names that could be ids", "[naming]") {
  LiveEngine engine;
  const auto names = [&](std::size_t limit) {
    return engine->readers()
        .read<std::vector<std::string>>(
            [&](store::Connection& db) -> Result<std::vector<std::string>> {
              return service::names_like_ids(db, limit);
            })
        .value();
  };
  sign_up(engine, "ada@example.com", "ada").value();
  CHECK(names(9).empty());
  old_account(engine, "mallory@example.com", "1");
  old_campaign(engine, "5");
  REQUIRE(names(9).size() == 2);
  CHECK(mentions(names(9)[0], "user:1"));
  CHECK(mentions(names(9)[1], "slug:5"));
  CHECK(names(1).size() == 1);
}
