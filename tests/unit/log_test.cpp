#include "coupond/core/log.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <catch2/catch.hpp>
#include <thread>
#include <vector>

#include "coupond/core/bytes.h"
#include "coupond/core/limits.h"

using namespace coupon::core;

namespace {

// A pipe whose read end collects what was logged.
class Sink {
 public:
  Sink() {
    REQUIRE(pipe2(ends_, O_CLOEXEC) == 0);
    fcntl(ends_[1], F_SETPIPE_SZ, 1 << 20);
  }
  ~Sink() {
    close(ends_[0]);
    close(ends_[1]);
  }
  int fd() const { return ends_[1]; }
  std::string text() {
    fcntl(ends_[0], F_SETFL, O_NONBLOCK);
    std::string out;
    char buffer[65536];
    for (ssize_t got; (got = read(ends_[0], buffer, sizeof buffer)) > 0;) {
      out.append(buffer, static_cast<std::size_t>(got));
    }
    return out;
  }

 private:
  int ends_[2];
};

UnixMs fixed_time() { return {1'795'183'200'123}; }

std::string logged(LogFormat format, std::string_view event, Log::Fields fields) {
  Sink sink;
  Log log(format, LogLevel::kInfo, sink.fd(), fixed_time);
  log.info(event, fields);
  return sink.text();
}

}  // namespace

TEST_CASE("an event is one line of time, level, name and fields", "[log]") {
  CHECK(logged(LogFormat::kText, "server_started",
               {{"port", 8080}, {"data", "/var/lib/x"}, {"note", "two words"}, {"none", ""}}) ==
        "2026-11-20T14:00:00.123Z info server_started port=8080 data=/var/lib/x "
        "note=\"two words\" none=\"\"\n");
  CHECK(logged(LogFormat::kJson, "server_started", {{"port", 8080}, {"note", "two words"}}) ==
        R"({"time":"2026-11-20T14:00:00.123Z","level":"info","event":"server_started",)"
        R"("port":8080,"note":"two words"})"
        "\n");
}

TEST_CASE("no value can begin a line or reach the terminal as a control", "[log]") {
  const std::string evil =
      "a\nfake info\r\x1b[31m\t\x7f\xc2\x9b"
      "1m\"=\\ \xff";
  for (const LogFormat format : {LogFormat::kText, LogFormat::kJson}) {
    for (const std::string& value : {evil, evil.substr(0, evil.size() - 2)}) {
      const std::string line = logged(format, "event", {{"agent", value}});
      CAPTURE(line);
      CHECK(std::count(line.begin(), line.end(), '\n') == 1);
      CHECK(line.back() == '\n');
      const auto is_control = [](char c) {
        return static_cast<unsigned char>(c) < 0x20 || c == 0x7f;
      };
      CHECK(std::none_of(line.begin(), line.end() - 1, is_control));
      CHECK(line.find("\xc2\x9b") == std::string::npos);
      CHECK(is_utf8(line));
    }
  }
}

TEST_CASE("text of other scripts stays readable", "[log]") {
  CHECK(logged(LogFormat::kText, "event", {{"name", "J\u00f6rg"}}).find("\"J\u00f6rg\"") !=
        std::string::npos);
}

TEST_CASE("a field cannot be forged inside a text value", "[log]") {
  CHECK(logged(LogFormat::kText, "event", {{"a", "x b=y"}}) ==
        "2026-11-20T14:00:00.123Z info event a=\"x b=y\"\n");
  CHECK(logged(LogFormat::kText, "event", {{"a", "x\" b=\"y"}}) ==
        "2026-11-20T14:00:00.123Z info event a=\"x\\\" b=\\\"y\"\n");
}

TEST_CASE("values and lines have a limit", "[log]") {
  std::string huge;
  while (huge.size() < 100'000) huge += "\u20ac";
  for (const LogFormat format : {LogFormat::kText, LogFormat::kJson}) {
    const std::string line = logged(format, "event", {{"a", huge}});
    CHECK(line.size() < limits::kLogValueMaxBytes + 200);
    CHECK(is_utf8(line));
    const std::string controls(100'000, '\1');
    const std::string many = logged(
        format, "event", {{"a", controls}, {"b", controls}, {"c", controls}, {"d", controls}});
    CHECK(many.size() < limits::kLogLineMaxBytes + 6 * limits::kLogValueMaxBytes + 200);
    CHECK(many.find(format == LogFormat::kJson ? "\"d\":" : " d=") == std::string::npos);
  }
}

TEST_CASE("events below the level are dropped", "[log]") {
  Sink sink;
  Log log(LogFormat::kText, LogLevel::kWarn, sink.fd(), fixed_time);
  log.debug("one");
  log.info("two");
  log.warn("three");
  log.error("four");
  CHECK(sink.text() ==
        "2026-11-20T14:00:00.123Z warn three\n2026-11-20T14:00:00.123Z error four\n");
}

TEST_CASE("a closed descriptor and a failing clock are survived", "[log]") {
  Log closed(LogFormat::kText, LogLevel::kInfo, -1, fixed_time);
  CHECK_NOTHROW(closed.info("event", {{"a", 1}}));
  Log broken(LogFormat::kText, LogLevel::kInfo, -1, []() -> UnixMs { throw 1; });
  CHECK_NOTHROW(broken.info("event"));
}

TEST_CASE("lines of many threads do not mix", "[log]") {
  Sink sink;
  Log log(LogFormat::kText, LogLevel::kInfo, sink.fd(), fixed_time);
  std::vector<std::thread> threads;
  for (int t = 0; t < 8; ++t) {
    threads.emplace_back([&log] {
      for (int i = 0; i < 200; ++i) log.info("event", {{"value", std::string(100, 'x')}});
    });
  }
  for (std::thread& thread : threads) thread.join();
  const std::string line =
      "2026-11-20T14:00:00.123Z info event value=" + std::string(100, 'x') + "\n";
  std::string expected;
  for (int i = 0; i < 1600; ++i) expected += line;
  CHECK(sink.text() == expected);
}
