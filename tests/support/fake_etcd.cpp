#include "tests/support/fake_etcd.h"

#include <algorithm>
#include <vector>

#include "coupond/cluster/etcd.h"
#include "coupond/core/bytes.h"
#include "coupond/core/clock.h"
#include "coupond/core/random.h"

namespace coupon::test {
namespace {

std::string plain(std::string text) {
  while (text.ends_with('=')) text.pop_back();
  std::replace(text.begin(), text.end(), '+', '-');
  std::replace(text.begin(), text.end(), '/', '_');
  const auto bytes = core::from_base64url(text);
  return bytes ? std::string(core::as_text(*bytes)) : std::string();
}

std::string text_in(const nlohmann::json& object, const char* name) {
  return plain(object.value(name, ""));
}

std::int64_t number_in(const nlohmann::json& object, const char* name) {
  return std::stoll(object.value(name, "0"));
}

http::Reply refused(int status, const char* message, int code) {
  return http::json_reply(status, nlohmann::json{{"message", message}, {"code", code}}.dump());
}

http::Reply unanswered() { return http::json_reply(500, "{}"); }

}  // namespace

FakeEtcd::FakeEtcd()
    : server_(std::make_unique<http::Server>(
          http::ServerOptions{.workers = 4, .body_bytes = std::size_t{1} << 24},
          [this](http::Request& request) { return answer(request); }, core::system_clock_now,
          core::system_random)) {
  if (!server_->bind().ok()) throw std::runtime_error("no port for a fake etcd");
  thread_ = std::thread([this] { server_->serve(); });
}

FakeEtcd::~FakeEtcd() {
  server_->stop();
  thread_.join();
}

void FakeEtcd::on_write(std::function<Fate()> fate) {
  const std::lock_guard lock(mutex_);
  fate_ = std::move(fate);
}

std::string FakeEtcd::value_of(const std::string& ending) const {
  const std::lock_guard lock(mutex_);
  for (const auto& [key, value] : keys_) {
    if (key.ends_with(ending)) return value.value;
  }
  return {};
}

std::int64_t FakeEtcd::count(const std::string& part) const {
  const std::lock_guard lock(mutex_);
  return std::count_if(keys_.begin(), keys_.end(),
                       [&](const auto& one) { return one.first.find(part) != std::string::npos; });
}

void FakeEtcd::put(const std::string& ending, const std::string& value) {
  const std::lock_guard lock(mutex_);
  ++revision_;
  for (auto& [key, present] : keys_) {
    if (key.ends_with(ending)) present = {.value = value, .changed = revision_};
  }
}

void FakeEtcd::erase(const std::string& part) {
  const std::lock_guard lock(mutex_);
  ++revision_;
  std::erase_if(keys_, [&](const auto& one) { return one.first.find(part) != std::string::npos; });
}

void FakeEtcd::end_leases() {
  const std::lock_guard lock(mutex_);
  ++revision_;
  for (auto& [id, goes_on] : leases_) goes_on = false;
  std::erase_if(keys_, [](const auto& one) { return one.second.lease != 0; });
}

http::Reply FakeEtcd::answer(const http::Request& request) {
  const std::lock_guard lock(mutex_);
  const Json body = Json::parse(request.body);
  const Json header{{"revision", std::to_string(revision_)}};
  if (request.target_path == "/v3/kv/txn") return transact(body);
  if (request.target_path == "/v3/lease/grant") {
    const std::int64_t id = static_cast<std::int64_t>(leases_.size()) + 7;
    leases_[id] = true;
    return http::json_reply(200, Json{{"header", header}, {"ID", std::to_string(id)}}.dump());
  }
  if (request.target_path == "/v3/lease/keepalive") {
    Json result{{"header", header}};
    if (leases_[number_in(body, "ID")]) result["TTL"] = "5";
    return http::json_reply(200, Json{{"result", result}}.dump());
  }
  if (request.target_path == "/v3/lease/revoke") {
    const std::int64_t id = number_in(body, "ID");
    leases_[id] = false;
    std::erase_if(keys_, [&](const auto& one) { return one.second.lease == id; });
  }
  return http::json_reply(200, Json{{"header", header}}.dump());
}

http::Reply FakeEtcd::transact(const Json& request) {
  bool held = true;
  for (const Json& condition : request.at("compare")) held = held && holds(condition);
  const Json& steps = request.at(held ? "success" : "failure");
  const bool writes = std::any_of(steps.begin(), steps.end(),
                                  [](const Json& step) { return step.contains("request_put"); });
  const Fate fate = writes && fate_ ? fate_() : Fate::kAnswered;
  constexpr const char* kFull = "etcdserver: mvcc: database space exceeded";
  if (fate == Fate::kFull) return refused(429, kFull, 8);
  if (fate == Fate::kLost) return unanswered();
  ++revision_;
  Json reply{{"responses", carry_out(steps)},
             {"header", {{"revision", std::to_string(revision_)}}}};
  if (held) reply["succeeded"] = true;
  if (fate == Fate::kDoneFull) return refused(429, kFull, 8);
  if (fate == Fate::kDoneUnanswered) return unanswered();
  return http::json_reply(200, reply.dump());
}

bool FakeEtcd::holds(const Json& condition) const {
  const std::string key = text_in(condition, "key");
  const std::string end = text_in(condition, "range_end");
  const std::int64_t wanted = number_in(condition, "mod_revision");
  if (end.empty()) {
    const auto found = keys_.find(key);
    return wanted == (found == keys_.end() ? 0 : found->second.changed);
  }
  return std::all_of(keys_.lower_bound(key), keys_.lower_bound(end),
                     [&](const auto& one) { return one.second.changed == wanted; });
}

FakeEtcd::Json FakeEtcd::range(const Json& step) const {
  const std::string key = text_in(step, "key");
  const std::string end = text_in(step, "range_end");
  const auto first = keys_.lower_bound(key);
  auto last = end.empty() ? first : keys_.lower_bound(end);
  if (end.empty() && first != keys_.end() && first->first == key) last = std::next(first);
  std::vector<std::pair<std::string, Value>> found(first, last);
  if (step.contains("sort_order")) std::reverse(found.begin(), found.end());
  const auto limit = static_cast<std::size_t>(number_in(step, "limit"));
  if (limit != 0 && found.size() > limit) found.resize(limit);
  Json kvs = Json::array();
  for (const auto& [name, value] : found) {
    Json one{{"key", cluster::to_base64(name)}, {"mod_revision", std::to_string(value.changed)}};
    if (!step.value("keys_only", false)) one["value"] = cluster::to_base64(value.value);
    if (value.lease != 0) one["lease"] = std::to_string(value.lease);
    kvs.push_back(std::move(one));
  }
  return Json{{"kvs", kvs}};
}

FakeEtcd::Json FakeEtcd::carry_out(const Json& steps) {
  Json responses = Json::array();
  for (const Json& step : steps) {
    if (step.contains("request_range")) {
      responses.push_back({{"response_range", range(step.at("request_range"))}});
    } else if (step.contains("request_put")) {
      const Json& put = step.at("request_put");
      keys_[text_in(put, "key")] = {
          .value = text_in(put, "value"), .changed = revision_, .lease = number_in(put, "lease")};
      responses.push_back({{"response_put", Json::object()}});
    } else {
      const Json& erase = step.at("request_delete_range");
      const std::string key = text_in(erase, "key");
      const std::string end = text_in(erase, "range_end");
      const auto first = keys_.lower_bound(key);
      if (end.empty()) keys_.erase(key);
      if (!end.empty()) keys_.erase(first, keys_.lower_bound(end));
      responses.push_back({{"response_delete_range", Json::object()}});
    }
  }
  return responses;
}

}  // namespace coupon::test
