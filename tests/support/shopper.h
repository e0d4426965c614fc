// A client that keeps a server busy with every kind of operation on coupons and writes down,
// outside the server's process, what it asked and what it was told. It survives the server: what it
// never had an answer to it asks again, with the same Idempotency-Key, before anything else.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <random>
#include <string>
#include <vector>

#include "tests/support/black_box.h"

namespace coupon::test {

// What the shoppers share: campaigns of several modes, codes that all of them compete for.
struct Mall {
  std::vector<std::string> cards;  // single-use bearer codes
  std::string admin_token;         // rollbacks are an administrator's
};
// Makes campaigns "till" (token), "book" (pool of `pool` codes), "stock" (claims) and the cards.
Mall open_mall(BlackBox& box, int pool, int stock, int cards);

// One request and what came of it.
struct Intent {
  std::string operation;  // the ledger's name for it
  std::string key;        // Idempotency-Key; the order's number where there is one
  std::string path;
  std::string body;
  std::string token;     // of the session it is sent with
  int status = 0;        // 0: nobody knows what became of it
  bool unknown = true;   // until an answer says whether it happened
  std::int64_t seq = 0;  // of the ledger entry, when it was acknowledged
  std::chrono::steady_clock::time_point answered_at = {};

  bool acknowledged() const { return status >= 200 && status < 300; }
};

class Shopper {
 public:
  Shopper(const Person& person, const Mall& mall, std::uint64_t seed)
      : person_(person), mall_(mall), random_(seed) {}

  // Sends one request after the other until `stop`, or until the server is gone.
  void shop(int port, const std::atomic<bool>& stop);

  std::int64_t user_id() const { return person_.id; }
  // In the order asked. Not while shop() runs.
  const std::vector<Intent>& intents() const { return intents_; }

 private:
  void step(HttpClient& client);
  void retry(HttpClient& client);
  void get_coupon(HttpClient& client);
  void redeem(HttpClient& client, const std::string& code, const std::string& hold = {});
  void redeem_own(HttpClient& client);
  void hold_and_release(HttpClient& client);
  void roll_back(HttpClient& client);
  // Writes the intent down, sends it, and writes down what was answered.
  nlohmann::json post(HttpClient& client, Intent intent);
  nlohmann::json send(HttpClient& client, std::size_t at);
  std::string next_key();
  std::size_t below(std::size_t bound) { return static_cast<std::size_t>(random_() % bound); }

  const Person person_;
  const Mall& mall_;
  std::mt19937_64 random_;
  std::vector<Intent> intents_;
  std::vector<std::string> coupons_;       // mine, not redeemed
  std::vector<std::int64_t> redemptions_;  // mine, not rolled back
};

// The ledger as a server shows it, by seq.
struct LedgerEntry {
  std::string operation;
  std::int64_t user_id = 0;
  std::string detail;
};
using Ledger = std::map<std::int64_t, LedgerEntry>;
// Reads on from what `ledger` holds already.
void read_ledger(int port, const std::string& admin_token, Ledger& ledger);

// What the shoppers were told, held against the ledger.
struct Verdict {
  std::int64_t acknowledged = 0;
  std::int64_t refused = 0;
  std::int64_t unknown = 0;
  std::vector<std::string> violations;  // sentences
};
Verdict judge(const std::vector<Shopper>& shoppers, const Ledger& ledger);

}  // namespace coupon::test
