// What etcd's gateway says, as it was seen to say it, and where the log may be trimmed.
#include "coupond/cluster/etcd.h"

#include <arpa/inet.h>
#include <sys/socket.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <cstdio>
#include <string>
#include <thread>

#include "coupond/cluster/leader.h"

using namespace coupon;
using cluster::Etcd;
using cluster::read_outcome;
using cluster::read_refusal;
using core::Reason;

TEST_CASE("keys and values go to etcd in base64 with its padding") {
  CHECK(cluster::to_base64("") == "");
  CHECK(cluster::to_base64("f") == "Zg==");
  CHECK(cluster::to_base64("fo") == "Zm8=");
  CHECK(cluster::to_base64("foo") == "Zm9v");
  CHECK(cluster::to_base64(std::string_view("\xfb\xff\xfe", 3)) == "+//+");
}

TEST_CASE("an outcome is read with the numbers that etcd writes as texts, and without its zeroes") {
  const auto outcome = read_outcome(
      R"({"header":{"cluster_id":"10144879847569953045","revision":"2","raft_term":"2"},)"
      R"("succeeded":true,"responses":[)"
      R"({"response_range":{"header":{"revision":"2"},"kvs":[{"key":"Y291cG9uZC94",)"
      R"("create_revision":"2","mod_revision":"9007199254740993","version":"1",)"
      R"("value":"+//+","lease":"1418812127607270407"}],"count":"1"}},)"
      R"({"response_put":{"header":{"revision":"2"}}},)"
      R"({"response_range":{"header":{"revision":"2"}}}]})");
  REQUIRE(outcome.ok());
  CHECK(outcome->held);
  CHECK(outcome->revision == 2);
  REQUIRE(outcome->found.size() == 2);
  REQUIRE(outcome->found[0].size() == 1);
  CHECK(outcome->found[0][0].key == "coupond/x");
  CHECK(outcome->found[0][0].value == "\xfb\xff\xfe");
  CHECK(outcome->found[0][0].changed == 9007199254740993);
  CHECK(outcome->found[0][0].lease == 1418812127607270407);
  CHECK(outcome->found[1].empty());
  const auto failed = read_outcome(R"({"header":{"revision":"7"}})");
  REQUIRE(failed.ok());
  CHECK_FALSE(failed->held);
}

TEST_CASE("what is no answer of etcd's says nothing of what was done") {
  for (const char* reply :
       {"", "[]", "{}", "{\"succeeded\":true}", "not JSON", R"({"header":3})",
        R"({"header":{"revision":"1"},"succeeded":"yes"})",
        R"({"header":{"revision":"1"},"responses":[{"response_range":{"kvs":[{"key":"*"}]}}]})",
        R"({"header":{"revision":"1"},"responses":[{"response_range":{"kvs":[{"key":7}]}}]})"}) {
    INFO(reply);
    const auto outcome = read_outcome(reply);
    REQUIRE_FALSE(outcome.ok());
    CHECK(outcome.error().reason == Reason::kOutcomeUnknown);
  }
}

TEST_CASE("only refusals that are for good say that nothing was done") {
  CHECK(
      read_refusal(R"({"message":"etcdserver: mvcc: database space exceeded","code":8})").reason ==
      Reason::kStorageFull);
  CHECK(read_refusal(R"({"message":"etcdserver: request is too large","code":3})").reason ==
        Reason::kInvalidRequest);
  CHECK(read_refusal(R"({"message":"etcdserver: requested lease not found","code":5})").reason ==
        Reason::kNotFound);
  for (const char* reply :
       {R"({"message":"etcdserver: request timed out","code":14})",
        R"({"message":"etcdserver: too many requests","code":8})",
        R"({"message":"etcdserver: leader changed","code":14})", "", "<html>"}) {
    INFO(reply);
    CHECK(read_refusal(reply).reason == Reason::kOutcomeUnknown);
  }
}

// The form in which etcd's gateway refuses: in a chunk, with a trailer behind it.
TEST_CASE("a refusal with a trailer is read whole, and a broken one is not taken for one") {
  const int listener = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  REQUIRE(::bind(listener, reinterpret_cast<sockaddr*>(&address), size) == 0);
  REQUIRE(::listen(listener, 8) == 0);
  REQUIRE(::getsockname(listener, reinterpret_cast<sockaddr*>(&address), &size) == 0);
  const std::string refusal = R"({"message":"etcdserver: mvcc: database space exceeded","code":8})";
  std::thread gateway([&] {
    for (const std::string& end : {std::string("\r\n0\r\nGrpc-Trailer-Content-Type: x\r\n\r\n"),
                                   std::string()}) {
      const int peer = ::accept(listener, nullptr, nullptr);
      char request[4096];
      static_cast<void>(::recv(peer, request, sizeof request, 0));
      std::string reply = "HTTP/1.1 429 Too Many Requests\r\nContent-Type: application/json\r\n";
      reply += "Trailer: Grpc-Trailer-Content-Type\r\nTransfer-Encoding: chunked\r\n\r\n";
      char length[16];
      std::snprintf(length, sizeof length, "%zx\r\n", refusal.size());
      reply += length;
      reply += end.empty() ? refusal.substr(0, 30) : refusal + end;
      static_cast<void>(::send(peer, reply.data(), reply.size(), MSG_NOSIGNAL));
      ::close(peer);
    }
  });
  auto etcd = Etcd::of_url("http://127.0.0.1:" + std::to_string(ntohs(address.sin_port)));
  REQUIRE(etcd.ok());
  const auto whole = etcd->transact({}, {});
  const auto broken = etcd->transact({}, {});
  gateway.join();
  ::close(listener);
  REQUIRE_FALSE(whole.ok());
  CHECK(whole.error().reason == Reason::kStorageFull);
  REQUIRE_FALSE(broken.ok());
  CHECK(broken.error().reason == Reason::kOutcomeUnknown);
}

TEST_CASE("etcd is asked in the clear, and the sentence says so") {
  const auto refused = Etcd::of_url("https://127.0.0.1:2379");
  REQUIRE_FALSE(refused.ok());
  CHECK(refused.error().message.find("plain http://") != std::string::npos);
  CHECK_FALSE(Etcd::of_url("127.0.0.1:2379").ok());
  CHECK(Etcd::of_url("http://127.0.0.1:2379").ok());
}

TEST_CASE("the log is trimmed only up to what two members have") {
  using cluster::trim_limit;
  CHECK(trim_limit({}, 100, 100) == 0);
  CHECK(trim_limit({{"a", 100}}, 100, 100) == 0);
  CHECK(trim_limit({{"a", 100}, {"b", 40}}, 100, 100) == 40);
  CHECK(trim_limit({{"a", 100}, {"b", 40}, {"c", 70}}, 100, 100) == 70);
  CHECK(trim_limit({{"a", 100}, {"b", 90}}, 60, 100) == 59);    // the rest is kept
  CHECK(trim_limit({{"a", 100}, {"b", 90}}, 0, 100) < 1);       // all is kept
  CHECK(trim_limit({{"a", 100}, {"b", 100}}, 200, 100) == 99);  // the last one always
}
