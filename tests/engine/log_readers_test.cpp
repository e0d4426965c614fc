// Goal: whoever keeps the log from being started anew is named, and ended where it is one of ours
// that stopped. Method: a child that reads and stops itself.
#include "coupond/store/log_readers.h"

#include <sys/wait.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <csignal>

#include "coupond/store/connection.h"
#include "tests/support/live_engine.h"

using namespace coupon;

namespace {

// Waits until the child has changed its state.
int wait_for(pid_t child) {
  int status = 0;
  REQUIRE(::waitpid(child, &status, WUNTRACED) == child);
  return status;
}

}  // namespace

TEST_CASE("a stopped reader is named, and ended when the log is long", "[log_readers]") {
  test::LiveEngine engine;
  engine.make_user("ada@example.com");
  const store::DataPaths& paths = engine->paths();
  CHECK_FALSE(store::other_reader(paths));  // our own readers are none
  const pid_t child = ::fork();
  REQUIRE(child >= 0);
  if (child == 0) {
    ::signal(SIGTERM, SIG_DFL);  // not the test framework's
    store::Connection connection(paths.database, store::Connection::Access::kReadOnly);
    connection.exec("BEGIN");
    store::Query(connection, "SELECT count(*) FROM users").next();
    ::raise(SIGSTOP);
    ::_exit(0);
  }
  REQUIRE(WIFSTOPPED(wait_for(child)));
  const auto reader = store::other_reader(paths);
  REQUIRE(reader);
  CHECK(reader->pid == child);
  CHECK(reader->stopped);
  CHECK(reader->is_ours);
  engine.make_user("bob@example.com");

  const std::int64_t more_than_there_is = std::int64_t{1} << 40;
  CHECK_FALSE(store::pinned_log(paths, more_than_there_is));
  CHECK_FALSE(store::end_stopped_reader(paths, more_than_there_is));
  const std::string told = store::pinned_log(paths, 0).value_or("");
  CHECK(told.find("process " + std::to_string(child)) != std::string::npos);
  CHECK(store::end_stopped_reader(paths, 0));
  const int status = wait_for(child);
  CHECK(WIFSIGNALED(status));
  CHECK(WTERMSIG(status) == SIGTERM);
  CHECK_FALSE(store::other_reader(paths));
}
