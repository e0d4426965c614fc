// The server on a Unix socket, and the client that reaches it there and over TCP.
#include <sys/stat.h>

#include <catch2/catch.hpp>
#include <filesystem>
#include <fstream>
#include <memory>

#include "coupond/http/client.h"
#include "tests/support/local_server.h"
#include "tests/support/temp_dir.h"
#include "tests/support/unix_client.h"

using namespace coupon;
using http::Client;
using http::ClientRequest;
using http::Reply;
using http::Request;
using test::LocalServer;

namespace {

// Says whether the request is local, and what came with it.
Reply echo_where_from(Request& request) {
  return http::text_reply(request.method == "POST" ? 201 : 200,
                          (request.local ? "local " : "remote ") + request.body);
}

http::ServerOptions at(const std::string& path) {
  http::ServerOptions options;
  options.unix_path = path;
  return options;
}

}  // namespace

TEST_CASE("requests over a Unix socket are local, those over TCP never", "[http]") {
  const test::TempDir directory;
  const LocalServer local(echo_where_from, at(directory / "socket"));
  Client client = Client::of_socket(directory / "socket", {});
  const auto reply = client.send({.method = "POST", .target = "/x", .body = "hello"});
  REQUIRE(reply.ok());
  CHECK(reply->status == 201);
  CHECK(reply->body == "local hello");

  const LocalServer remote(echo_where_from);
  auto over_tcp = Client::of_url("http://127.0.0.1:" + std::to_string(remote.port()));
  REQUIRE(over_tcp.ok());
  const ClientRequest lies{.target = "/x?local=true", .headers = {{"Local", "true"}}};
  CHECK(over_tcp.value().send(lies)->body == "remote ");
}

TEST_CASE("a Unix socket is its owner's alone, takes a left one's place, and goes with its server",
          "[http]") {
  const test::TempDir directory;
  const std::string path = directory / "socket";
  for (int i = 0; i < 2; ++i) {
    LocalServer server(echo_where_from, at(path));
    struct stat info = {};
    REQUIRE(::stat(path.c_str(), &info) == 0);
    CHECK((info.st_mode & 0777) == 0600);
    server.stop();
    CHECK_FALSE(std::filesystem::exists(path));
    std::ofstream(path) << "left over";
  }
}

TEST_CASE("a Unix socket's path may be longer than its address has room for", "[http]") {
  const test::TempDir directory;
  const std::string deep = directory / std::string(150, 'd');
  std::filesystem::create_directory(deep);
  const LocalServer server(echo_where_from, at(deep + "/socket"));
  CHECK(std::filesystem::exists(deep + "/socket"));
}

TEST_CASE("a client hands a streamed body on piece by piece, and a refusal's whole", "[http]") {
  const test::TempDir directory;
  const LocalServer server(
      [](Request& request) {
        if (request.target_path == "/no") return http::text_reply(409, "not so");
        Reply reply;
        reply.content_type = "text/plain";
        reply.stream = [left = 100](std::string& chunk) mutable {
          chunk.assign(50'000, 'x');
          return left-- > 0;
        };
        return reply;
      },
      at(directory / "socket"));
  Client client = Client::of_socket(directory / "socket", {});
  std::size_t bytes = 0;
  std::size_t pieces = 0;
  ClientRequest request{.target = "/", .receive = [&](std::string_view piece) {
                          bytes += piece.size();
                          ++pieces;
                          return true;
                        }};
  REQUIRE(client.send(request).ok());
  CHECK(bytes == 5'000'000);
  CHECK(pieces > 1);
  request.target = "/no";
  const auto refused = client.send(request);
  REQUIRE(refused.ok());
  CHECK(refused->status == 409);
  CHECK(refused->body == "not so");
  CHECK(bytes == 5'000'000);
}

TEST_CASE("a client tells what was never sent from what may have been done", "[http]") {
  const test::TempDir directory;
  Client nobody = Client::of_socket(directory / "socket", {});
  CHECK(nobody.send({}).error().reason == core::Reason::kNotFound);
  const LocalServer cutting(
      [](Request&) {
        Reply reply;
        reply.stream = [](std::string&) -> bool { throw std::runtime_error("cut"); };
        return reply;
      },
      at(directory / "cut"));
  Client cut = Client::of_socket(directory / "cut", {});
  CHECK(cut.send({}).error().reason == core::Reason::kOutcomeUnknown);
}

TEST_CASE("an address of a server is read strictly", "[http]") {
  CHECK(http::parse_url("http://[::1]:8080/base/")->host == "::1");
  CHECK(http::parse_url("http://[::1]:8080/base/")->path == "/base");
  CHECK(http::parse_url("http://localhost")->port == 80);
  for (const char* bad : {"ftp://x", "http://", "http://x:0", "http://x:65536", "http://x:1a",
                          "http://:80", "127.0.0.1:80"}) {
    CAPTURE(bad);
    CHECK_FALSE(http::parse_url(bad).ok());
  }
}
