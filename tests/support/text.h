// What many tests ask of texts and files, of the machine, and of how long they may take.
#pragma once

#include <chrono>
#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <string_view>
#include <thread>

namespace coupon::test {

inline bool mentions(std::string_view text, std::string_view part) {
  return text.find(part) != std::string_view::npos;
}

// All of a file; "" where it cannot be read.
inline std::string content_of(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

// With COUPOND_LONG set, tests take their large counts.
inline bool long_run() { return std::getenv("COUPOND_LONG") != nullptr; }

inline void sleep_ms(std::uint64_t ms) {
  std::this_thread::sleep_for(std::chrono::milliseconds(ms));
}

// Whether strace is here and allowed.
inline bool may_trace() {
  return std::system("strace -o /dev/null -e trace=none true >/dev/null 2>&1") == 0;
}

}  // namespace coupon::test
