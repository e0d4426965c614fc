#include "coupond/core/assert.h"

#include <sys/wait.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <csignal>
#include <string>

namespace {

struct Ending {
  int signal = 0;
  std::string output;
};

// Runs `body` in a process of its own, since it is expected to end it.
template <class Body>
Ending ending_of(Body body) {
  int ends[2];
  REQUIRE(pipe(ends) == 0);
  const pid_t child = fork();
  REQUIRE(child >= 0);
  if (child == 0) {
    dup2(ends[1], STDERR_FILENO);
    std::signal(SIGABRT, SIG_DFL);  // not the test framework's
    body();
    _exit(0);
  }
  close(ends[1]);
  Ending ending;
  char c;
  while (read(ends[0], &c, 1) == 1) ending.output += c;
  close(ends[0]);
  int status = 0;
  waitpid(child, &status, 0);
  ending.signal = WIFSIGNALED(status) ? WTERMSIG(status) : 0;
  return ending;
}

}  // namespace

TEST_CASE("a broken invariant aborts with one line that says where", "[assert]") {
  const Ending ending = ending_of([] { COUPOND_ASSERT(1 + 1 == 3); });
  CHECK(ending.signal == SIGABRT);
  CHECK(ending.output.find("1 + 1 == 3 (assert_test.cpp:") != std::string::npos);
  CHECK(ending.output.find('/') == std::string::npos);
  CHECK(ending.output.back() == '\n');
}

TEST_CASE("an invariant that holds costs nothing but its evaluation", "[assert]") {
  int evaluated = 0;
  COUPOND_ASSERT(++evaluated == 1);
  CHECK(evaluated == 1);
}
