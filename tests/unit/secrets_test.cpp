#include "coupond/core/secrets.h"
#include "tests/support/text.h"

#include <sys/stat.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <filesystem>
#include <fstream>
#include <set>
#include <string>

using namespace coupon::core;

namespace {

using coupon::test::content_of;

// A directory of its own, gone at the end.
struct Directory {
  Directory() {
    std::string name = (std::filesystem::temp_directory_path() / "coupond-secrets-XXXXXX").string();
    REQUIRE(mkdtemp(name.data()) != nullptr);
    path = name;
  }
  ~Directory() { std::filesystem::remove_all(path); }
  std::string key_file() const { return path + "/secret.key"; }
  std::string path;
};

void write_file(const std::string& path, const std::string& text, mode_t mode) {
  std::ofstream(path, std::ios::binary) << text;
  REQUIRE(chmod(path.c_str(), mode) == 0);
}

bool same_keys(const Secrets& a, const Secrets& b) {
  return a.key_id() == b.key_id() && a.session_key() == b.session_key() &&
         a.token_key().secret_key == b.token_key().secret_key &&
         a.checkpoint_key().secret_key == b.checkpoint_key().secret_key &&
         a.code_hash_key() == b.code_hash_key() && a.code_seal_key() == b.code_seal_key() &&
         a.record_seal_key() == b.record_seal_key();
}

std::string refusal(const std::string& path) {
  const Result<Secrets> loaded = Secrets::load(path);
  REQUIRE_FALSE(loaded.ok());
  CHECK(loaded.error().message.find(path) != std::string::npos);
  return loaded.error().message;
}

}  // namespace

TEST_CASE("a created key file is private and gives the same keys when loaded", "[secrets]") {
  const Directory directory;
  const Result<Secrets> created = Secrets::create(directory.key_file());
  REQUIRE(created.ok());
  struct stat info {};
  REQUIRE(stat(directory.key_file().c_str(), &info) == 0);
  CHECK((info.st_mode & 0777) == 0600);
  CHECK(info.st_size == 65);

  const Result<Secrets> loaded = Secrets::load(directory.key_file());
  REQUIRE(loaded.ok());
  CHECK(same_keys(*created, *loaded));
}

TEST_CASE("ten fresh installations have ten different keys", "[secrets]") {
  const Directory directory;
  std::set<std::string> ids;
  for (int i = 0; i < 10; ++i) {
    const Result<Secrets> created = Secrets::create(directory.path + "/" + std::to_string(i));
    REQUIRE(created.ok());
    ids.insert(created->key_id());
  }
  CHECK(ids.size() == 10);
}

TEST_CASE("an existing key file is never replaced", "[secrets]") {
  const Directory directory;
  REQUIRE(Secrets::create(directory.key_file()).ok());
  const std::string before = content_of(directory.key_file());
  const Result<Secrets> second = Secrets::create(directory.key_file());
  REQUIRE_FALSE(second.ok());
  CHECK(second.error().message.find(directory.key_file()) != std::string::npos);
  CHECK(content_of(directory.key_file()) == before);
}

TEST_CASE("a key file that cannot be written leaves nothing behind", "[secrets]") {
  const Result<Secrets> created = Secrets::create("/nonexistent-directory/secret.key");
  REQUIRE_FALSE(created.ok());
  CHECK(created.error().message.find("/nonexistent-directory/secret.key") != std::string::npos);
}

TEST_CASE("each thing that is wrong with a key file is named with its remedy", "[secrets]") {
  const Directory directory;
  const std::string path = directory.key_file();
  const std::string hex(64, 'a');

  CHECK(refusal(path).find("is missing") != std::string::npos);
  write_file(path, hex + "\n", 0640);
  CHECK(refusal(path).find("chmod 600") != std::string::npos);
  write_file(path, hex + "\n", 0604);
  CHECK(refusal(path).find("chmod 600") != std::string::npos);
  for (const std::string& text :
       {std::string(), hex.substr(1) + "\n", hex + "a\n", hex + "\n\n", hex + " \n", "\n" + hex,
        std::string(32, '\x11'), std::string(64, 'g'), hex + hex, hex.substr(0, 32) + "\n"}) {
    CAPTURE(text);
    write_file(path, text, 0600);
    CHECK(refusal(path).find("64 hex digits") != std::string::npos);
  }
  std::filesystem::remove(path);
  std::filesystem::create_directory(path);
  chmod(path.c_str(), 0700);
  CHECK(refusal(path).find("not a regular file") != std::string::npos);
}

TEST_CASE("a key file may lack the newline and use capitals", "[secrets]") {
  const Directory directory;
  write_file(directory.key_file(), std::string(64, 'A'), 0600);
  const Result<Secrets> loaded = Secrets::load(directory.key_file());
  REQUIRE(loaded.ok());
  Block<32> master;
  master.fill(0xaa);
  CHECK(same_keys(*loaded, Secrets::from_master(master)));
}

TEST_CASE("the keys of one master are all different", "[secrets]") {
  const Secrets secrets = Secrets::from_master(Block<32>{1});
  const std::set<Block<32>> keys{secrets.session_key(),
                                 secrets.code_hash_key(),
                                 secrets.code_seal_key(), secrets.record_seal_key(),
                                 secrets.token_key().public_key,
                                 secrets.checkpoint_key().public_key,
                                 Block<32>{1}};
  CHECK(keys.size() == 7);
  const std::set<std::string> kids{secrets.session_kid(), secrets.token_key().kid,
                                   secrets.checkpoint_key().kid};
  CHECK(kids.size() == 3);
  CHECK(secrets.key_id().size() == 16);
  CHECK_FALSE(same_keys(secrets, Secrets::from_master(Block<32>{2})));
}

TEST_CASE("derived keys stay what databases on disk were written with", "[secrets]") {
  // Computed with another implementation of keyed BLAKE2b.
  const Secrets secrets = Secrets::from_master(Block<32>{});
  CHECK(secrets.key_id() == "ba614aacc5c95feb");
  CHECK(to_hex(secrets.code_hash_key()) ==
        "4ab33b29062f396e03c8680f4ce04a542bd433fecfec231023b154096eb52f50");
}
