#include "coupond/store/change_log.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <utility>

#include "coupond/core/hash.h"
#include "coupond/store/data_dir.h"
#include "src/store/files.h"

namespace coupon::store {
namespace {

// mark, length, seal, record.
constexpr std::string_view kMark = "CpCh";
constexpr std::size_t kLengthAt = 4;
constexpr std::size_t kSealAt = 8;
constexpr std::size_t kHeadBytes = kSealAt + 32;
// More than any operation makes: longer ones are a damaged length.
constexpr std::uint32_t kLongest = 1U << 30;

core::Error failed(const char* what, const std::string& path, int error) {
  return {.reason = core::Reason::kInternal,
          .message = path + " cannot be " + what + ": " + std::strerror(error)};
}

std::string length_text(std::uint32_t length) {
  std::string text;
  for (int shift = 0; shift < 32; shift += 8) text += static_cast<char>(length >> shift);
  return text;
}

std::uint32_t length_in(std::string_view text) {
  std::uint32_t length = 0;
  for (int i = 3; i >= 0; --i) {
    length = length << 8 | static_cast<unsigned char>(text[static_cast<std::size_t>(i)]);
  }
  return length;
}

std::int64_t size_of(int fd) {
  struct stat info = {};
  return ::fstat(fd, &info) == 0 ? info.st_size : 0;
}

// Whether the opened file still is the one of that name.
bool is_named(int fd, const std::string& path) {
  struct stat opened = {};
  struct stat named = {};
  return ::fstat(fd, &opened) == 0 && ::stat(path.c_str(), &named) == 0 &&
         opened.st_ino == named.st_ino && opened.st_dev == named.st_dev;
}

}  // namespace

ChangeKey change_key(const core::Secrets& secrets) {
  return core::keyed_hash_of(secrets.record_seal_key(), "coupond change log");
}

std::string sealed(const ChangeRecord& record, const ChangeKey& key) {
  const std::string body = encode(record);
  const core::Digest seal = core::keyed_hash_of(key, body);
  std::string frame(kMark);
  frame.reserve(kHeadBytes + body.size());
  frame += length_text(static_cast<std::uint32_t>(body.size()));
  return frame.append(core::as_text(seal)).append(body);
}

ChangeLogReader::ChangeLogReader(const std::string& path, const ChangeKey& key)
    : path_(path), key_(key), file_(::open(path.c_str(), O_RDONLY | O_CLOEXEC)) {}

// Fewer bytes at the file's end.
core::Result<std::string> ChangeLogReader::read(std::int64_t at, std::size_t size) const {
  std::string bytes(size, '\0');
  std::size_t have = 0;
  while (have < size) {
    const ssize_t got =
        ::pread(file_.fd(), bytes.data() + have, size - have, at + static_cast<std::int64_t>(have));
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return failed("read", path_, errno);
    if (got == 0) break;
    have += static_cast<std::size_t>(got);
  }
  bytes.resize(have);
  return bytes;
}

// What is not whole ends where the file does, or is followed by room that was never filled.
core::Result<ChangeLogReader::Found> ChangeLogReader::judge(std::int64_t end) const {
  const std::int64_t size = size_of(file_.fd());
  if (end >= size) return Found::kTorn;
  const auto rest = read(end, static_cast<std::size_t>(size - end));
  if (!rest.ok()) return rest.error();
  const bool unfilled = rest->find_first_not_of('\0') == std::string::npos;
  return unfilled ? Found::kTorn : Found::kDamaged;
}

// Tools that carry files put a longer one in the place of the one before.
bool ChangeLogReader::reopened() {
  if (is_named(file_.fd(), path_)) return false;
  core::Descriptor file(::open(path_.c_str(), O_RDONLY | O_CLOEXEC));
  if (!file.is_open()) return false;
  file_ = std::move(file);
  return true;
}

core::Result<ChangeLogReader::Found> ChangeLogReader::next(ChangeRecord& record) {
  auto found = look(record);
  if (found.ok() && *found != Found::kRecord && reopened()) return look(record);
  return found;
}

core::Result<ChangeLogReader::Found> ChangeLogReader::look(ChangeRecord& record) {
  if (!file_.is_open()) return failed("read", path_, ENOENT);
  const auto head = read(offset_, kHeadBytes);
  if (!head.ok()) return head.error();
  if (head->empty()) return Found::kEnd;
  if (head->size() < kHeadBytes) return Found::kTorn;
  const std::uint32_t length = length_in(std::string_view(*head).substr(kLengthAt));
  if (!head->starts_with(kMark) || length > kLongest) return judge(offset_);
  const std::int64_t body_at = offset_ + static_cast<std::int64_t>(kHeadBytes);
  const auto body = read(body_at, length);
  if (!body.ok()) return body.error();
  const std::int64_t end = body_at + length;
  if (body->size() < length) return Found::kTorn;
  const core::Digest seal = core::keyed_hash_of(key_, *body);
  if (!core::same_bytes(core::as_text(seal), std::string_view(*head).substr(kSealAt))) {
    return judge(end);
  }
  auto read_record = decode(*body);
  if (!read_record) return Found::kDamaged;
  record = *std::move(read_record);
  offset_ = end;
  return Found::kRecord;
}

core::Result<ChangeLogFile> ChangeLogFile::begin(const std::string& path) {
  core::Descriptor opened(::open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600));
  if (!opened.is_open()) return failed("written", path, errno);
  ChangeLogFile file(path, std::move(opened));
  if (::fsync(file.file_.fd()) != 0) return failed("written", path, errno);
  if (auto error = sync_path(directory_of(path))) return *error;
  return file;
}

core::Result<core::Done> ChangeLogFile::append(const std::string& records) {
  std::string_view rest = records;
  std::int64_t at = bytes_;
  while (!rest.empty()) {
    const ssize_t written = ::pwrite(file_.fd(), rest.data(), rest.size(), at);
    if (written < 0 && errno == EINTR) continue;
    if (written <= 0) return failed("written", path_, written < 0 ? errno : EIO);
    may_hold_more_ = true;
    rest.remove_prefix(static_cast<std::size_t>(written));
    at += written;
  }
  if (::fdatasync(file_.fd()) != 0) return failed("written", path_, errno);
  if (!is_named(file_.fd(), path_)) {
    return core::Error{.reason = core::Reason::kInternal,
                       .message = path_ + " was removed or replaced"};
  }
  bytes_before_ = std::exchange(bytes_, at);
  may_hold_more_ = false;
  return core::Done{};
}

core::Result<core::Done> ChangeLogFile::take_back() {
  bytes_ = bytes_before_;
  may_hold_more_ = true;
  return cut();
}

core::Result<core::Done> ChangeLogFile::cut() {
  if (!may_hold_more_) return core::Done{};
  if (::ftruncate(file_.fd(), bytes_) != 0 || ::fdatasync(file_.fd()) != 0)
    return failed("cut", path_, errno);
  may_hold_more_ = false;
  return core::Done{};
}

}  // namespace coupon::store
