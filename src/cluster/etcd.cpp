#include "coupond/cluster/etcd.h"

#include <algorithm>
#include <charconv>
#include <nlohmann/json.hpp>
#include <utility>

#include "coupond/core/bytes.h"
#include "coupond/http/json.h"

namespace coupon::cluster {
namespace {

using core::Error;
using core::Reason;
using core::Result;
using http::Json;

constexpr std::chrono::seconds kSilenceMax{2};
constexpr std::size_t kReplyBytesMax = std::size_t{1} << 30;

Result<http::Client> connect(const std::string& url) {
  return http::Client::of_url(url, {.silence_max = kSilenceMax, .keep_alive = true});
}

std::optional<std::string> from_base64(std::string text) {
  while (text.ends_with('=')) text.pop_back();
  std::replace(text.begin(), text.end(), '+', '-');
  std::replace(text.begin(), text.end(), '/', '_');
  const auto bytes = core::from_base64url(text);
  if (!bytes) return std::nullopt;
  return std::string(core::as_text(*bytes));
}

void add_text(std::string& to, const char* name, std::string_view bytes) {
  to.append("\"").append(name).append("\":\"").append(to_base64(bytes)).append("\",");
}

void add_number(std::string& to, const char* name, std::int64_t number) {
  to.append("\"").append(name).append("\":\"").append(std::to_string(number)).append("\",");
}

void add_condition(std::string& to, const Condition& condition) {
  to += "{";
  add_text(to, "key", condition.key);
  if (!condition.end.empty()) add_text(to, "range_end", condition.end);
  add_number(to, "mod_revision", condition.changed);
  to += R"("target":"MOD","result":"EQUAL"},)";
}

void add_step(std::string& to, const Step& step) {
  const bool put = step.kind == Step::Kind::kPut;
  const bool get = step.kind == Step::Kind::kGet;
  to += put   ? R"({"request_put":{)"
        : get ? R"({"request_range":{)"
              : R"({"request_delete_range":{)";
  if (!step.end.empty()) add_text(to, "range_end", step.end);
  if (put) add_text(to, "value", step.value);
  if (put && step.lease != 0) add_number(to, "lease", step.lease);
  if (get && step.limit != 0) add_number(to, "limit", step.limit);
  if (get && step.last_first) to += R"("sort_order":"DESCEND","sort_target":"KEY",)";
  if (get && step.keys_only) to += R"("keys_only":true,)";
  add_text(to, "key", step.key);
  to.back() = '}';
  to += "},";
}

template <class Item>
void add_list(std::string& to, const char* name, const std::vector<Item>& items,
              void (*add)(std::string&, const Item&)) {
  to.append("\"").append(name).append("\":[");
  for (const Item& item : items) add(to, item);
  if (!items.empty()) to.pop_back();
  to += "],";
}

// The gateway leaves out what is 0, and writes numbers as texts.
std::int64_t number_in(const Json& object, const char* name) {
  const auto found = object.find(name);
  if (found == object.end()) return 0;
  if (found->is_number_integer()) return found->get<std::int64_t>();
  const std::string text = found->is_string() ? found->get<std::string>() : std::string();
  std::int64_t number = 0;
  std::from_chars(text.data(), text.data() + text.size(), number);
  return number;
}

Error not_understood() {
  return {.reason = Reason::kOutcomeUnknown, .message = "What answers is not etcd's version 3."};
}

Result<Json> parse(std::string_view reply) {
  auto json = http::parse_json(reply, {.bytes_max = kReplyBytesMax});
  if (!json.ok() || !json->is_object()) return not_understood();
  return json;
}

std::optional<KeyValue> read_key_value(const Json& json) {
  const auto key = from_base64(json.value("key", ""));
  const auto value = from_base64(json.value("value", ""));
  if (!key || !value) return std::nullopt;
  return KeyValue{.key = *key,
                  .value = *value,
                  .changed = number_in(json, "mod_revision"),
                  .lease = number_in(json, "lease")};
}

}  // namespace

std::string to_base64(std::string_view bytes) {
  std::string text = core::to_base64url(core::as_bytes(bytes));
  std::replace(text.begin(), text.end(), '-', '+');
  std::replace(text.begin(), text.end(), '_', '/');
  text.append((4 - text.size() % 4) % 4, '=');
  return text;
}

Result<Outcome> read_outcome(std::string_view reply) {
  const auto json = parse(reply);
  if (!json.ok()) return json.error();
  try {
    if (!json->contains("header") || !json->at("header").is_object()) return not_understood();
    Outcome outcome{.held = json->value("succeeded", false),
                    .revision = number_in(json->at("header"), "revision"),
                    .found = {}};
    for (const Json& response : json->value("responses", Json::array())) {
      if (!response.contains("response_range")) continue;
      std::vector<KeyValue>& found = outcome.found.emplace_back();
      for (const Json& one : response.at("response_range").value("kvs", Json::array())) {
        auto read = read_key_value(one);
        if (!read) return not_understood();
        found.push_back(*std::move(read));
      }
    }
    return outcome;
  } catch (const Json::exception&) {  // a member of another type than etcd's
    return not_understood();
  }
}

Error read_refusal(std::string_view reply) {
  const auto json = parse(reply);
  std::string text = "etcd gives no reason";
  std::int64_t code = 0;
  if (json.ok()) {
    const auto message = json->find("message");
    if (message != json->end() && message->is_string()) text = message->get<std::string>();
    code = number_in(*json, "code");
  }
  constexpr std::int64_t kInvalidArgument = 3;
  constexpr std::int64_t kNoSuchLease = 5;
  Reason reason = Reason::kOutcomeUnknown;
  if (code == kInvalidArgument) reason = Reason::kInvalidRequest;
  if (code == kNoSuchLease) reason = Reason::kNotFound;
  if (text.find("database space exceeded") != std::string::npos) reason = Reason::kStorageFull;
  return {.reason = reason, .message = text + "."};
}

Result<Etcd> Etcd::of_url(const std::string& url) {
  if (url.starts_with("https://")) {
    return Error{.reason = Reason::kInvalidRequest,
                 .message = url +
                            ": coupond asks its own member of etcd, on the same machine, and "
                            "speaks plain http:// to it. Members speak TLS among themselves."};
  }
  auto client = connect(url);
  if (!client.ok()) return client.error();
  return Etcd(url, std::move(client.value()));
}

Result<std::string> Etcd::ask(const char* path, std::string body) {
  std::string answer;
  const auto take = [&](std::string_view piece) {
    answer += piece;
    return true;
  };
  const auto reply =
      client_.send({.method = "POST", .target = path, .body = std::move(body), .receive = take});
  if (reply.ok() && reply->status == 200) return answer;
  // The gateway ends a refusal with a trailer: the connection is of no more use.
  if (auto fresh = connect(url_); fresh.ok()) client_ = std::move(fresh.value());
  if (!reply.ok()) return reply.error();
  return read_refusal(reply->body);
}

Result<Outcome> Etcd::transact(const std::vector<Condition>& conditions,
                               const std::vector<Step>& then, const std::vector<Step>& otherwise) {
  std::string body = "{";
  add_list(body, "compare", conditions, add_condition);
  add_list(body, "success", then, add_step);
  add_list(body, "failure", otherwise, add_step);
  body.back() = '}';
  const auto reply = ask("/v3/kv/txn", std::move(body));
  if (!reply.ok()) return reply.error();
  return read_outcome(*reply);
}

Result<std::int64_t> Etcd::grant(std::int64_t seconds) {
  const auto reply = ask("/v3/lease/grant", "{\"TTL\":\"" + std::to_string(seconds) + "\"}");
  if (!reply.ok()) return reply.error();
  const auto json = parse(*reply);
  if (!json.ok()) return json.error();
  const std::int64_t lease = number_in(*json, "ID");
  if (lease == 0) return not_understood();
  return lease;
}

Result<bool> Etcd::renew(std::int64_t lease) {
  const auto reply = ask("/v3/lease/keepalive", "{\"ID\":\"" + std::to_string(lease) + "\"}");
  if (!reply.ok()) return reply.error();
  const auto json = parse(*reply);
  if (!json.ok()) return json.error();
  const auto result = json->find("result");
  if (result == json->end() || !result->is_object()) return not_understood();
  return number_in(*result, "TTL") > 0;
}

Result<core::Done> Etcd::revoke(std::int64_t lease) {
  const auto reply = ask("/v3/lease/revoke", "{\"ID\":\"" + std::to_string(lease) + "\"}");
  if (!reply.ok()) return reply.error();
  return core::Done{};
}

Result<core::Done> Etcd::compact(std::int64_t revision) {
  const auto reply =
      ask("/v3/kv/compaction", "{\"revision\":\"" + std::to_string(revision) + "\"}");
  if (!reply.ok()) return reply.error();
  return core::Done{};
}

}  // namespace coupon::cluster
