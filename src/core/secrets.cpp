#include "coupond/core/secrets.h"

#include <fcntl.h>
#include <sodium.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <optional>
#include <string_view>

#include "coupond/core/assert.h"
#include "coupond/core/descriptor.h"

namespace coupon::core {
namespace {

constexpr std::size_t kHexSize = 64;
// The context that separates our derivations from anybody else's (crypto_kdf wants 8 bytes).
constexpr char kContext[] = "coupond1";
static_assert(sizeof kContext - 1 == crypto_kdf_CONTEXTBYTES);

// What each sub-key is for. The numbers are part of the file format: never reuse one.
enum class SubKey : std::uint64_t {
  kKeyId = 1,
  kSession = 2,
  kTokenSeed = 3,
  kCheckpointSeed = 4,
  kCodeHash = 5,
  kCodeSeal = 6,
  kRecordSeal = 7,
  kTokenMac = 8,
};

Error refuse_errno(std::string_view what, const std::string& path, int error) {
  return refuse("Cannot " + std::string(what) + " the key file " + path + ": " +
                std::strerror(error) + ".");
}

template <std::size_t N>
Block<N> derive(const Block<32>& master, SubKey id) {
  Block<N> key;
  const int failed = crypto_kdf_derive_from_key(
      key.data(), key.size(), static_cast<std::uint64_t>(id), kContext, master.data());
  COUPOND_ASSERT(failed == 0);
  return key;
}

// The name of a key: a fingerprint, so that it changes whenever the key does.
std::string kid_of(std::string_view prefix, ByteView public_part) {
  Block<16> digest;
  const int failed = crypto_generichash(digest.data(), digest.size(), public_part.data(),
                                        public_part.size(), nullptr, 0);
  COUPOND_ASSERT(failed == 0);
  return std::string(prefix) + to_hex(ByteView(digest).first(8));
}

SigningKey signing_key(const Block<32>& master, SubKey id, std::string_view prefix) {
  SigningKey key;
  Block<32> seed = derive<32>(master, id);
  const int failed =
      crypto_sign_seed_keypair(key.public_key.data(), key.secret_key.data(), seed.data());
  sodium_memzero(seed.data(), seed.size());
  COUPOND_ASSERT(failed == 0);
  key.kid = kid_of(prefix, key.public_key);
  return key;
}

// Makes the new name in the directory durable.
bool sync_directory_of(const std::string& path) {
  const std::size_t slash = path.rfind('/');
  const std::string directory = slash == std::string::npos ? "." : path.substr(0, slash + 1);
  const Descriptor file(::open(directory.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  return file.is_open() && ::fsync(file.fd()) == 0;
}

// What the file's metadata rule out before a byte is read.
std::optional<Error> problem_of(const std::string& path, const struct stat& info) {
  if (!S_ISREG(info.st_mode)) return refuse("The key file " + path + " is not a regular file.");
  if ((info.st_mode & 077) != 0) {
    return refuse("The key file " + path + " can be read by others: run `chmod 600 " + path +
                  "`, and consider its key known.");
  }
  return std::nullopt;
}

// The whole file, or as much of it as shows that it is too long.
std::optional<std::string> read_text(int fd) {
  std::string text(kHexSize + 2, '\0');
  std::size_t size = 0;
  while (size < text.size()) {
    const ssize_t got = ::read(fd, text.data() + size, text.size() - size);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return std::nullopt;
    if (got == 0) break;
    size += static_cast<std::size_t>(got);
  }
  text.resize(size);
  return text;
}

Result<Block<32>> master_in(std::string_view text, const std::string& path) {
  if (text.ends_with('\n')) text.remove_suffix(1);
  std::optional<Bytes> bytes = text.size() == kHexSize ? from_hex(text) : std::nullopt;
  if (!bytes) {
    return refuse("The key file " + path +
                  " does not hold a key, which is 64 hex digits: restore "
                  "it from your copy. Without it the codes in the database cannot be read.");
  }
  Block<32> master;
  std::copy(bytes->begin(), bytes->end(), master.begin());
  sodium_memzero(bytes->data(), bytes->size());
  return master;
}

}  // namespace

Secrets::Secrets(const Block<32>& master)
    : key_id_(to_hex(derive<16>(master, SubKey::kKeyId)).substr(0, 16)),
      session_key_(derive<32>(master, SubKey::kSession)),
      token_mac_key_(derive<32>(master, SubKey::kTokenMac)),
      token_key_(signing_key(master, SubKey::kTokenSeed, "t-")),
      checkpoint_key_(signing_key(master, SubKey::kCheckpointSeed, "c-")),
      code_hash_key_(derive<32>(master, SubKey::kCodeHash)),
      code_seal_key_(derive<32>(master, SubKey::kCodeSeal)),
      record_seal_key_(derive<32>(master, SubKey::kRecordSeal)) {
  // These have no public part to be named by.
  session_kid_ = "s-" + key_id_;
  token_mac_kid_ = "m-" + key_id_;
}

Secrets::~Secrets() {
  sodium_memzero(session_key_.data(), session_key_.size());
  sodium_memzero(token_mac_key_.data(), token_mac_key_.size());
  sodium_memzero(token_key_.secret_key.data(), token_key_.secret_key.size());
  sodium_memzero(checkpoint_key_.secret_key.data(), checkpoint_key_.secret_key.size());
  sodium_memzero(code_hash_key_.data(), code_hash_key_.size());
  sodium_memzero(code_seal_key_.data(), code_seal_key_.size());
  sodium_memzero(record_seal_key_.data(), record_seal_key_.size());
}

Secrets Secrets::from_master(const Block<32>& master) {
  COUPOND_ASSERT(sodium_init() >= 0);  // harmless when it ran before
  return Secrets(master);
}

Result<Secrets> Secrets::create(const std::string& path, const Random& random) {
  const Descriptor file(
      ::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600));
  if (!file.is_open()) return refuse_errno("create", path, errno);

  Block<32> master;
  random(master);
  std::string text = to_hex(master) + '\n';
  const bool written = write_all(file.fd(), text) && ::fsync(file.fd()) == 0;
  const int error = errno;
  sodium_memzero(text.data(), text.size());
  if (!written || !sync_directory_of(path)) {
    const Error refusal = refuse_errno("write", path, written ? errno : error);
    ::unlink(path.c_str());  // half a key would only be refused at the next start
    return refusal;
  }
  Secrets secrets = from_master(master);
  sodium_memzero(master.data(), master.size());
  return secrets;
}

Result<Secrets> Secrets::load(const std::string& path) {
  const Descriptor file(::open(path.c_str(), O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC));
  if (!file.is_open() && errno == ENOENT) {
    return refuse("The key file " + path +
                  " is missing: restore it from your copy. Without it "
                  "the codes in the database cannot be read.");
  }
  if (!file.is_open()) return refuse_errno("open", path, errno);

  struct stat info {};
  if (::fstat(file.fd(), &info) != 0) return refuse_errno("look at", path, errno);
  if (std::optional<Error> problem = problem_of(path, info)) return *std::move(problem);
  std::optional<std::string> text = read_text(file.fd());
  if (!text) return refuse_errno("read", path, errno);

  Result<Block<32>> master = master_in(*text, path);
  sodium_memzero(text->data(), text->size());
  if (!master) return master.error();
  Secrets secrets = from_master(*master);
  sodium_memzero(master->data(), master->size());
  return secrets;
}

}  // namespace coupon::core
