// Goal: kill -9 at any moment of a migration leaves the old database or the new one, and the next
// start ends with the new one, whole. Method: strace ends the server at its n-th system call of a
// kind, on a copy of what 0.1.0 left; then a start without. COUPOND_LONG=1: every n.
#include <sys/stat.h>

#include <catch2/catch.hpp>
#include <cstdlib>
#include <filesystem>
#include <iostream>

#include "coupond/store/connection.h"
#include "tests/support/black_box.h"
#include "tests/support/server_process.h"
#include "tests/support/source_dir.h"
#include "tests/support/temp_dir.h"
#include "tests/support/text.h"

using namespace coupon;
using test::may_trace;
namespace fs = std::filesystem;

namespace {

struct Moment {
  const char* call;
  int at;
};

std::vector<Moment> moments() {
  std::vector<Moment> list = {{"link", 1}, {"rename", 1}};
  // Of unlink, the first is of the note of a clean stop, where there is one; the last of the draft.
  for (int n = 1; n <= 6; ++n) list.push_back({"unlink", n});
  for (int n = 1; n <= 5; ++n) list.push_back({"fsync", n});
  const int step = test::long_run() ? 1 : 19;
  for (int n = 1; n <= 160; n += step) list.push_back({"pwrite64", n});
  return list;
}

std::int64_t version_of(const std::string& database) {
  store::Connection connection(database, store::Connection::Access::kReadOnly);
  store::Query query(connection, "PRAGMA user_version");
  query.next();
  return query.integer(0);
}

void lay_out(const std::string& data) {
  fs::create_directory(data);
  for (const char* file : {"coupond.db", "secret.key"}) {
    const std::string path = data + "/" + file;
    fs::copy_file(test::source_dir() / "tests/data/v0.1.0" / file, path);
    ::chmod(path.c_str(), 0600);
  }
}

// Whether it was ended before it was ready.
bool ended_at(const std::string& data, const Moment& moment) {
  const std::string call = moment.call;
  test::ServerProcess server(
      {.data_dir = data,
       .wrapper = {"strace", "-D", "-f", "-o", "/dev/null", "-e", "trace=" + call, "-e",
                   "inject=" + call + ":signal=KILL:when=" + std::to_string(moment.at)}});
  try {
    server.wait_until_ready();
  } catch (const std::runtime_error&) {
    return true;
  }
  server.kill();
  return false;
}

}  // namespace

TEST_CASE("a migration that is killed at any moment is done by the next start", "[migrate]") {
  if (!may_trace()) {
    WARN("skipped: strace may not trace here");
    SUCCEED("skipped");
    return;
  }
  int ended_old = 0;
  int ended_new = 0;
  for (const Moment& moment : moments()) {
    INFO(moment.call << " " << moment.at);
    const test::TempDir dir;
    const std::string data = dir / "shop";
    lay_out(data);
    const bool ended = ended_at(data, moment);
    const std::int64_t version = version_of(data + "/coupond.db");
    CHECK((version == 1 || version == 2));
    if (ended) ++(version == 1 ? ended_old : ended_new);

    test::ServerProcess again({.data_dir = data});
    again.wait_until_ready();
    CHECK(again.terminate() == 0);
    CHECK(version_of(data + "/coupond.db") == 2);
    CHECK(version_of(data + "/coupond.db.v1") == 1);
    CHECK_FALSE(fs::exists(data + "/coupond.db.v2-draft"));
    CHECK_FALSE(fs::exists(data + "/coupond.db.v1-2"));
    const test::Ended verified = test::run_coupond({"verify", "--data", data});
    CHECK(verified.code == 0);
    CHECK(verified.output.find("1044 coupons, 1 hold, 7 redemptions") != std::string::npos);
  }
  std::cout << "migration: ended " << ended_old << " times before the new file had its name, "
            << ended_new << " times after\n";
  CHECK(ended_old >= 10);
  CHECK(ended_new >= 1);
}
