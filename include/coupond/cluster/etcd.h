// Etcd: a client of etcd's version 3 over its JSON gateway. Everything but leases is a transaction,
// which etcd carries out in one order for all, or not at all. Each call takes some seconds at most.
// One client belongs to one thread.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "coupond/core/result.h"
#include "coupond/http/client.h"

namespace coupon::cluster {

struct KeyValue {
  std::string key;
  std::string value;
  std::int64_t changed = 0;  // the revision that last wrote it
  std::int64_t lease = 0;    // that it goes with; 0: none
};

// What has to hold for a transaction: the revision that last wrote the key, or with `end` every key
// from it up to before `end`; 0: there is none.
struct Condition {
  std::string key;
  std::int64_t changed = 0;
  std::string end = {};
};

struct Step {
  enum class Kind { kPut, kGet, kErase };
  Kind kind = Kind::kGet;
  std::string key;
  std::string end = {};    // of a range, itself not part of it; empty: the one key
  std::string value = {};  // put
  std::int64_t lease = 0;  // put
  std::int64_t limit = 0;  // get: of keys; 0: all
  bool last_first = false;
  bool keys_only = false;
};

struct Outcome {
  bool held = false;                         // the conditions did
  std::int64_t revision = 0;                 // of etcd, with this
  std::vector<std::vector<KeyValue>> found;  // by each get that was carried out
};

class Etcd {
 public:
  // kInvalidRequest for an address that is none, and for https.
  static core::Result<Etcd> of_url(const std::string& url);

  // Errors of all: kNotFound: nobody answers, or there is no such lease; nothing was done.
  // kStorageFull: etcd has no room; what was asked for is done by now or never will be.
  // kInvalidRequest: etcd refuses such a request for good. kOutcomeUnknown: all else; it may have
  // been done, or be done yet.
  core::Result<Outcome> transact(const std::vector<Condition>& conditions,
                                 const std::vector<Step>& then,
                                 const std::vector<Step>& otherwise = {});
  // A lease, whose keys go when it was not renewed for so long.
  core::Result<std::int64_t> grant(std::int64_t seconds);
  // False when it is over.
  core::Result<bool> renew(std::int64_t lease);
  core::Result<core::Done> revoke(std::int64_t lease);
  // Forgets what was before a revision.
  core::Result<core::Done> compact(std::int64_t revision);

 private:
  Etcd(std::string url, http::Client client) : url_(std::move(url)), client_(std::move(client)) {}
  core::Result<std::string> ask(const char* path, std::string body);

  std::string url_;
  http::Client client_;
};

// Of the texts in requests and answers; tests look at them.
std::string to_base64(std::string_view bytes);
core::Result<Outcome> read_outcome(std::string_view reply);
core::Error read_refusal(std::string_view reply);

}  // namespace coupon::cluster
