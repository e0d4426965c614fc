#include "coupond/core/log.h"

#include <fcntl.h>
#include <poll.h>
#include <unistd.h>

#include <algorithm>
#include <catch2/catch.hpp>
#include <csignal>
#include <memory>
#include <thread>
#include <vector>

#include "coupond/core/bytes.h"
#include "coupond/core/limits.h"

using namespace coupon::core;

namespace {

// A pipe whose read end collects what was logged.
class Sink {
 public:
  explicit Sink(int size = 1 << 20) {
    signal(SIGPIPE, SIG_IGN);
    REQUIRE(pipe2(ends_, O_CLOEXEC) == 0);
    fcntl(ends_[1], F_SETPIPE_SZ, size);
  }
  ~Sink() {
    close(ends_[0]);
    close(ends_[1]);
  }
  int fd() const { return ends_[1]; }
  // What comes next, waiting for it.
  std::string wait() {
    pollfd readable{ends_[0], POLLIN, 0};
    REQUIRE(poll(&readable, 1, 20'000) == 1);
    return text();
  }
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
  Log(format, LogLevel::kInfo, sink.fd(), fixed_time).info(event, fields);
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
  {
    Log log(LogFormat::kText, LogLevel::kWarn, sink.fd(), fixed_time);
    log.debug("one");
    log.info("two");
    log.warn("three");
    log.error("four");
  }
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
  {
    Log log(LogFormat::kText, LogLevel::kInfo, sink.fd(), fixed_time);
    std::vector<std::thread> threads;
    for (int t = 0; t < 8; ++t) {
      threads.emplace_back([&log] {
        for (int i = 0; i < 200; ++i) log.info("event", {{"value", std::string(100, 'x')}});
      });
    }
    for (std::thread& thread : threads) thread.join();
  }
  const std::string line =
      "2026-11-20T14:00:00.123Z info event value=" + std::string(100, 'x') + "\n";
  std::string expected;
  for (int i = 0; i < 1600; ++i) expected += line;
  CHECK(sink.text() == expected);
}

TEST_CASE("a reader that is stuck keeps nobody waiting, and hears how many lines it missed",
          "[log]") {
  Sink sink(4096);
  Log log(LogFormat::kText, LogLevel::kInfo, sink.fd(), fixed_time);
  const std::string value(1000, 'x');
  constexpr std::size_t kLines = 3 * limits::kLogQueueBytes / 1000;
  // If one of these waited for the reader, this would never end.
  for (std::size_t i = 0; i < kLines; ++i) log.info("event", {{"value", value}});
  std::string text;
  // Lines that came, and those that were told to be lost.
  const auto heard_of = [&] {
    constexpr std::string_view kLost = "log_lines_lost count=";
    std::size_t lines = 0;
    for (std::size_t at = 0; (at = text.find(" info event ", at)) != std::string::npos; ++at) {
      ++lines;
    }
    for (std::size_t at = 0; (at = text.find(kLost, at)) != std::string::npos; ++at) {
      if (text.find('\n', at) != std::string::npos)
        lines += std::stoul(text.substr(at + kLost.size()));
    }
    return lines;
  };
  while (heard_of() < kLines) text += sink.wait();
  CHECK(heard_of() == kLines);
  CHECK(text.find("log_lines_lost") != std::string::npos);
}

TEST_CASE("a log whose reader never comes back ends all the same", "[log]") {
  // Both ends stay open: the log's thread is left behind in a write to one.
  int ends[2];
  REQUIRE(pipe2(ends, O_CLOEXEC) == 0);
  fcntl(ends[1], F_SETPIPE_SZ, 4096);
  Log log(LogFormat::kText, LogLevel::kInfo, ends[1], fixed_time);
  for (int i = 0; i < 100; ++i) log.info("event", {{"value", std::string(1000, 'x')}});
}

TEST_CASE("a reader that has gone costs lines, not the process", "[log]") {
  signal(SIGPIPE, SIG_IGN);
  int ends[2];
  REQUIRE(pipe2(ends, O_CLOEXEC) == 0);
  close(ends[0]);
  {
    Log log(LogFormat::kText, LogLevel::kInfo, ends[1], fixed_time);
    for (int i = 0; i < 10; ++i) log.info("event");
  }
  close(ends[1]);
}
