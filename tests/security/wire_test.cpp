// Goal: bytes that are no request do nothing, cost little and stop nobody. Method: raw sockets
// against the built server; each malformed request is followed by a good one that would leave a
// trace if it were executed.
#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <catch2/catch.hpp>
#include <chrono>
#include <thread>
#include <utility>

#include "tests/security/site.h"
#include "tests/support/local_server.h"
#include "tests/support/raw_cases.h"
#include "tests/support/raw_client.h"

using namespace coupon;
using nlohmann::json;
using test::BlackBox;
using test::knock;
using test::Person;
using test::RawCase;
using test::RawClient;

namespace {

// Registers an account, if anybody executes it.
std::string smuggled(const std::string& email) {
  const std::string body = test::credentials(email, test::kPassword);
  return "POST /api/v1/auth/register HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
         "Content-Length: " +
         std::to_string(body.size()) + "\r\n\r\n" + body;
}

std::size_t replies_in(const std::string& text) {
  std::size_t count = 0;
  for (std::size_t at = 0; (at = text.find("\r\nDate: ", at)) != std::string::npos; ++at) ++count;
  return count;
}

std::vector<RawCase> all_cases() {
  std::vector<RawCase> all;
  for (const auto& list : {test::framing_cases(), test::line_cases(), test::target_cases(),
                           test::field_cases(), test::chunk_cases()}) {
    all.insert(all.end(), list.begin(), list.end());
  }
  return all;
}

// A connection from one of this machine's own addresses, which stays open.
class Visitor {
 public:
  Visitor(int port, const char* from) : fd_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    ::inet_pton(AF_INET, from, &address.sin_addr);
    const auto* own = reinterpret_cast<const sockaddr*>(&address);
    const bool bound = ::bind(fd_, own, sizeof address) == 0;
    address.sin_port = htons(static_cast<std::uint16_t>(port));
    ::inet_pton(AF_INET, "127.0.0.1", &address.sin_addr);
    if (!bound || ::connect(fd_, own, sizeof address) != 0) throw std::runtime_error("no visit");
  }
  Visitor(Visitor&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  Visitor& operator=(Visitor&&) = delete;
  ~Visitor() {
    if (fd_ >= 0) ::close(fd_);
  }
  // Of a small request; 0 without an answer.
  int status() {
    constexpr std::string_view kRequest = "GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n";
    std::array<char, 4096> reply{};
    if (::send(fd_, kRequest.data(), kRequest.size(), MSG_NOSIGNAL) < 0) return 0;
    if (::recv(fd_, reply.data(), reply.size() - 1, 0) < 12) return 0;
    return std::atoi(reply.data() + 9);
  }

 private:
  int fd_;
};

json accounts(int port, const Person& admin) {
  return json::parse(knock(port, "GET", "/api/v1/users?limit=1000", admin.token).body).at("items");
}

}  // namespace

TEST_CASE("no malformed request gets anything executed that follows it", "[S22][security]") {
  BlackBox box;
  const Person admin = box.add_person(domain::Role::kAdmin);
  box.start();
  const int port = box.server().port();
  const std::size_t before = accounts(port, admin).size();
  int number = 0;
  for (const RawCase& c : all_cases()) {
    RawClient client(port);
    (void)client.send(c.bytes + smuggled("smuggled" + std::to_string(++number) + "@example.com"));
    const std::string answer = client.read_to_end();
    INFO("case: " << c.name << "\nanswer: " << answer);
    CHECK(answer.rfind("HTTP/1.1 " + std::to_string(c.status) + " ", 0) == 0);
    CHECK(replies_in(answer) == 1);
    CHECK(answer.find("\r\nConnection: close\r\n") != std::string::npos);
  }
  CHECK(number >= 80);
  CHECK(accounts(port, admin).size() == before);
  // The same bytes by themselves are executed, or all this would show nothing.
  RawClient client(port);
  client.send(smuggled("welcome@example.com"));
  CHECK(client.read_until("\r\n").find(" 201 ") != std::string::npos);
  WARN(number << " malformed requests, each with a good one behind it: none executed");
}

TEST_CASE("300 half-open and 500 idle connections keep nobody else waiting", "[S23][security]") {
  BlackBox box;
  const Person shopper = box.add_person();
  const auto cards = box.add_codes(box.find_campaign("subscription-cards"), 100);
  box.start();
  const int port = box.server().port();
  test::HttpClient client(port);
  REQUIRE(client.get("/healthz").status == 200);
  const auto redeem_some = [&](std::size_t from, std::size_t to) {
    const auto start = std::chrono::steady_clock::now();
    for (std::size_t i = from; i < to; ++i) {
      const std::string path = "/api/v1/coupons/" + cards[i] + "/redeem";
      REQUIRE(ask(client, shopper, "POST", path, "{}").status == 201);
    }
    const std::chrono::duration<double, std::milli> took = std::chrono::steady_clock::now() - start;
    return took.count() / static_cast<double>(to - from);
  };
  const double alone_ms = redeem_some(0, 40);
  const std::int64_t idle_kib = test::rss_kib(box.server().pid());

  std::vector<RawClient> half_open;
  std::vector<RawClient> idle;
  for (int i = 0; i < 300; ++i) {
    half_open.emplace_back(port);
    const char* beginnings[] = {
        "", "G", "POST /redeem HTTP/1.1\r\nHost: x\r\nX-A: ",
        "POST /redeem HTTP/1.1\r\nHost: x\r\nContent-Length: 60000\r\n\r\n{"};
    half_open.back().send(beginnings[i % 4]);
  }
  for (int i = 0; i < 500; ++i) {
    idle.emplace_back(port);
    idle.back().send("GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n");
    idle.back().read_until("\r\n\r\n");
  }
  const double crowded_ms = redeem_some(40, 100);  // while all of them are open
  for (RawClient& one : half_open) CHECK(one.quiet_for(0));
  const std::int64_t more_kib = test::rss_kib(box.server().pid()) - idle_kib;
  WARN("a redemption takes " << alone_ms << " ms alone, " << crowded_ms
                             << " ms beside 300 half-open "
                             << "and 500 idle connections, which take " << more_kib << " KiB");
  if (test::kMemoryIsOwn) CHECK(more_kib < 80 * 1024);
}

TEST_CASE("on a network no address alone can take all connections", "[S23][security]") {
  BlackBox box;
  auto& server = box.launch({"--allow-plain-http", "--max-connections", "64"},
                            {"sh", "-c", R"(shift 3; exec "$0" serve --listen 0.0.0.0:0 "$@")"});
  const std::string mark = "http://0.0.0.0:";
  REQUIRE(test::eventually([&] { return server.output().find(mark) != std::string::npos; }));
  const int port = std::stoi(server.output().substr(server.output().find(mark) + mark.size()));
  std::vector<Visitor> greedy;
  for (int i = 0; i < 32; ++i) greedy.emplace_back(port, "127.0.0.1");
  for (Visitor& one : greedy) CHECK(one.status() == 200);
  CHECK(Visitor(port, "127.0.0.1").status() == 503);
  CHECK(Visitor(port, "127.0.0.2").status() == 200);
  greedy.pop_back();
  CHECK(test::eventually([&] { return Visitor(port, "127.0.0.1").status() == 200; }));
}

TEST_CASE("a client that sends its request too slowly is cut off", "[S23][security]") {
  if (!test::long_run()) {
    // Ten seconds of waiting; the deadline's own tests run with a short one (server_test).
    SUCCEED("only with COUPOND_LONG=1");
    return;
  }
  BlackBox box;
  box.start();
  std::vector<RawClient> slow;
  for (const char* beginning :
       {"GET / HTTP/1.1\r\n", "POST /login HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\n"}) {
    slow.emplace_back(box.server().port());
    slow.back().send(beginning);
  }
  for (int i = 0; i < 11; ++i) {
    std::this_thread::sleep_for(std::chrono::seconds(1));
    for (RawClient& one : slow) one.send("a");
  }
  for (RawClient& one : slow) CHECK(one.read_to_end().find("HTTP/1.1 408 ") == 0);
}
