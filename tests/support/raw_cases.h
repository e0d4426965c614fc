// Malformed, ambiguous and oversized requests, each as raw bytes with the status that refuses it.
#pragma once

#include <string>
#include <vector>

namespace coupon::test {

struct RawCase {
  const char* name;
  std::string bytes;
  int status;
};

// Heads of requests to /a, each with its empty line; `fields` are whole lines.
std::string raw_get(const std::string& fields);
std::string raw_post(const std::string& fields, const std::string& body = "");
// So many header fields, Host included.
std::string many_fields(int count);

// Where the request ends is ambiguous, or too far away.
std::vector<RawCase> framing_cases();
// Bodies whose chunks are malformed or too much.
std::vector<RawCase> chunk_cases();
// Lines that are not HTTP's.
std::vector<RawCase> line_cases();
// Methods, targets and versions.
std::vector<RawCase> target_cases();
// Header fields that may not be, or not be so many.
std::vector<RawCase> field_cases();

}  // namespace coupon::test
