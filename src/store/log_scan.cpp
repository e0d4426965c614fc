#include "coupond/store/log_scan.h"

#include <algorithm>
#include <array>
#include <cstddef>
#include <fstream>
#include <span>
#include <vector>

namespace coupon::store {
namespace {

// The format is SQLite's: https://sqlite.org/fileformat2.html#walformat
constexpr std::size_t kHeaderBytes = 32;
constexpr std::size_t kFrameHeaderBytes = 24;
constexpr std::uint32_t kMagic = 0x377f0682;  // the last bit: sums are of big-endian words
constexpr std::uint32_t kPageMin = 512;
constexpr std::uint32_t kPageMax = 65536;

using Bytes = std::span<const unsigned char>;

std::uint32_t word(Bytes bytes, std::size_t at, bool big_endian = true) {
  std::uint32_t value = 0;
  for (std::size_t i = 0; i < 4; ++i) {
    value |= std::uint32_t{bytes[at + i]} << (8 * (big_endian ? 3 - i : i));
  }
  return value;
}

struct Sum {
  std::uint32_t a = 0;
  std::uint32_t b = 0;
  friend bool operator==(const Sum&, const Sum&) = default;
};

Sum stored_sum(Bytes bytes, std::size_t at) { return {word(bytes, at), word(bytes, at + 4)}; }

Sum add(Sum sum, Bytes bytes, bool big_endian) {
  for (std::size_t at = 0; at + 8 <= bytes.size(); at += 8) {
    sum.a += word(bytes, at, big_endian) + sum.b;
    sum.b += word(bytes, at + 4, big_endian) + sum.a;
  }
  return sum;
}

struct Header {
  bool good = false;
  bool big_endian = false;
  std::uint32_t page_bytes = 0;
  std::array<unsigned char, 8> salts{};
  Sum sum;
};

Header read_header(Bytes bytes) {
  const std::uint32_t magic = word(bytes, 0);
  Header header{.big_endian = (magic & 1) != 0,
                .page_bytes = word(bytes, 8),
                .salts = {},
                .sum = stored_sum(bytes, 24)};
  std::copy_n(bytes.begin() + 16, 8, header.salts.begin());
  header.good = (magic & ~1U) == kMagic && header.page_bytes >= kPageMin &&
                header.page_bytes <= kPageMax &&
                add({}, bytes.first(24), header.big_endian) == header.sum;
  return header;
}

class Scan {
 public:
  explicit Scan(const Header& header) : header_(header), before_(header.sum) {}

  void see(Bytes frame) {
    ++number_;
    const Sum stored = stored_sum(frame, 16);
    const bool good = is_good(frame, stored);
    // What comes next was summed from here, whether this frame is good or not.
    before_ = stored;
    if (!good) {
      if (first_bad_ == 0) first_bad_ = number_;
      return;
    }
    const bool commit = word(frame, 4) != 0;
    if (first_bad_ == 0) {
      ++found_.frames;
      if (commit) ++found_.commits;
      return;
    }
    found_.bad_frame = first_bad_;
    if (found_.commits_behind > 0) found_.lost = true;
    if (commit) ++found_.commits_behind;
  }
  const LogScan& found() const { return found_; }

 private:
  bool is_good(Bytes frame, const Sum& stored) const {
    if (!std::equal(header_.salts.begin(), header_.salts.end(), frame.begin() + 8)) return false;
    Sum sum = add(before_, frame.first(8), header_.big_endian);
    sum = add(sum, frame.subspan(kFrameHeaderBytes), header_.big_endian);
    return sum == stored;
  }

  const Header& header_;
  Sum before_;
  std::int64_t number_ = 0;
  std::int64_t first_bad_ = 0;
  LogScan found_;
};

bool read(std::ifstream& file, std::vector<unsigned char>& bytes) {
  file.read(reinterpret_cast<char*>(bytes.data()), static_cast<std::streamsize>(bytes.size()));
  return static_cast<bool>(file);
}

}  // namespace

LogScan scan_log(const std::string& database) {
  std::ifstream file(database + "-wal", std::ios::binary);
  std::vector<unsigned char> bytes(kHeaderBytes);
  if (!read(file, bytes)) return {};
  const Header header = read_header(bytes);
  if (!header.good) return {};
  Scan scan(header);
  bytes.resize(kFrameHeaderBytes + header.page_bytes);
  while (read(file, bytes)) scan.see(bytes);
  return scan.found();
}

}  // namespace coupon::store
