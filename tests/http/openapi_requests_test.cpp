// Goal: the document that is served is true for whatever anybody sends. Method: requests made from
// it at random, good and bad, by callers of every kind; each reply must be one that the document
// names for its operation, with a body as declared; nothing may be the server's fault; and in the
// end the books agree. COUPOND_LONG=1: a hundred thousand of them.
#include <algorithm>
#include <catch2/catch.hpp>
#include <cstdlib>
#include <iostream>
#include <set>

#include "tests/support/api_fixture.h"
#include "tests/support/black_box.h"
#include "tests/support/conformance.h"
#include "tests/support/random_requests.h"

using namespace coupon;
using test::ApiFixture;
using test::ApiReply;
using test::RandomRequest;
using test::RandomRequests;

namespace {

constexpr int kRequestsPerCrowd = 400;

class Crowd {
 public:
  explicit Crowd(std::uint64_t seed)
      : requests_(nlohmann::json::parse(api_.get("/openapi.json").raw.body), seed) {}

  // Nobody, a session that is over, one that never was, and people of every role. They come anew
  // now and then: some end their own session, or their account.
  void gather() {
    const std::string name = "crowd" + std::to_string(++crowds_);
    tokens_ = {"", "ck_nonsense", api_.make_person(name + ".late").token};
    api_.clock().advance(2 * 3'600'000);
    for (int i = 0; i < 3; ++i) {
      const auto person = api_.make_person(name + std::to_string(i));
      requests_.learn({{"user_id", person.uuid}, {"email", person.email}});
      tokens_.push_back(person.token);
    }
    tokens_.push_back(api_.make_person(name + ".staff", domain::Role::kStaff).token);
    const std::string admin = api_.make_person(name + ".admin", domain::Role::kAdmin).token;
    tokens_.insert(tokens_.end(), {admin, admin, admin, admin});
    for (const char* mode : {"token", "pool", "shared", "card", "claim"}) {
      const auto made =
          api_.handle("POST", "/api/v1/campaigns", admin,
                      std::string(R"({"name":")") + name + mode + R"(","mode":")" + mode + R"("})");
      requests_.learn(made.body);
    }
  }

  // What is wrong with the reply to one more request; empty: nothing.
  std::string ask() {
    const RandomRequest request = requests_.next();
    const std::string& token = tokens_[requests_.below(tokens_.size())];
    const ApiReply reply =
        api_.handle(request.method, request.target, token, request.body, request.headers);
    if (!reply.body.contains("openapi")) requests_.learn(reply.body);
    ++statuses_[reply.status];
    if (reply.status < 300) worked_.insert(request.operation);
    std::string wrong = complaint(request, reply);
    if (!wrong.empty()) {
      wrong += request.method + ' ' + request.target + '\n' + request.body + "\nanswered " +
               std::to_string(reply.status) + ' ' + reply.raw.body;
    }
    return wrong;
  }

  bool is_sound() { return api_.is_sound(); }
  std::size_t operations() const { return requests_.operations(); }
  std::size_t worked() const { return worked_.size(); }
  const std::map<int, int>& statuses() const { return statuses_; }

 private:
  std::string complaint(const RandomRequest& request, const ApiReply& reply) const {
    const auto& documented = request.statuses;
    if (std::find(documented.begin(), documented.end(), reply.status) == documented.end()) {
      return "not documented for " + request.operation + ": ";
    }
    if (reply.status >= 500) return "the server's own fault: ";
    if (reply.raw.stream) return {};
    const std::string path = request.target.substr(0, request.target.find('?'));
    const http::Endpoint* endpoint = api_.api().serving(request.method, path);
    if (endpoint == nullptr) return "nobody serves " + request.operation + ": ";
    std::string wrong;
    for (const std::string& problem :
         http::mismatches(*endpoint, reply.status, reply.raw.content_type, reply.raw.body)) {
      wrong += problem + ": ";
    }
    return wrong;
  }

  ApiFixture api_;
  RandomRequests requests_;
  std::vector<std::string> tokens_;
  std::set<std::string> worked_;
  std::map<int, int> statuses_;
  int crowds_ = 0;
};

}  // namespace

TEST_CASE("the document is true for whatever anybody sends", "[openapi]") {
  const int count = test::long_run() ? 100'000 : 2'000;
  // Ordinary runs make the same requests each time; long ones look for new ones.
  const bool fixed = !test::long_run() && std::getenv("COUPOND_SEED") == nullptr;
  const std::uint64_t seed = fixed ? 20261120 : test::test_seed();
  INFO("COUPOND_SEED=" << seed);
  Crowd crowd(seed);
  for (int i = 0; i < count; ++i) {
    if (i % kRequestsPerCrowd == 0) crowd.gather();
    const std::string wrong = crowd.ask();
    if (!wrong.empty()) FAIL_CHECK("request " << i << ": " << wrong);
  }
  CHECK(crowd.is_sound());
  std::cout << "random requests: seed " << seed << ", " << count << " over " << crowd.operations()
            << " operations, " << crowd.worked() << " of which worked;";
  for (const auto& [status, times] : crowd.statuses()) std::cout << ' ' << status << ':' << times;
  std::cout << '\n';
  // If hardly anything got through, this would prove little.
  CHECK(crowd.worked() > crowd.operations() / 2);
}
