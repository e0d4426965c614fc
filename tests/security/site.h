// What the tests of security.md share: one request by one stranger, figures of a process, and
// tokens and bodies to compare. Each test case carries the number of its row as a tag, "[S1]".
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "tests/support/black_box.h"

namespace coupon::test {

// serve's flags for the limits as shipped.
inline const std::vector<std::string> kGuarded = {"--rate-limits", "on"};

// One request on a connection of its own. A body is sent as JSON unless the headers say otherwise.
HttpResponse knock(int port, std::string_view method, std::string_view path,
                   std::string_view token = {}, std::string_view body = {}, Headers headers = {});

// A reply's body without what differs from request to request; null where it is not JSON.
nlohmann::json lasting(const HttpResponse& response);
// Names and values of the headers without those that differ from request to request.
std::vector<std::string> lasting_headers(const HttpResponse& response);

// {"email": …, "password": …}
std::string credentials(const std::string& email, const std::string& password);

// Whether a process's memory is its own: a sanitizer's bookkeeping takes several times as much.
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
inline constexpr bool kMemoryIsOwn = false;
#else
inline constexpr bool kMemoryIsOwn = true;
#endif
// Resident memory, and the most it ever was. A process that is ours to see.
std::int64_t rss_kib(pid_t pid);
std::int64_t peak_rss_kib(pid_t pid);

// A file's bytes; empty when there is none.
std::string bytes_of(const std::string& path);
// Everything in the files of a directory, one behind the other.
std::string bytes_under(const std::string& directory);

// An operation of the served document.
struct Operation {
  std::string method = {};  // "GET"
  std::string path = {};    // "/api/v1/users/{id}"
  bool open = true;         // to anybody, with or without a session
  bool refresh = false;
  std::string role = {};  // "staff", "admin" or empty
  bool mutates() const { return method != "GET" && method != "HEAD"; }
};
std::vector<Operation> operations_of(int port);
// The path with every placeholder filled in.
std::string filled(const Operation& operation, const std::string& value);

}  // namespace coupon::test
