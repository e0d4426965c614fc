// The keys of one data directory. All derive from one master key in `secret.key`, which lies beside
// the database and never inside it, so that a stolen backup of the database holds no spendable
// code and signs nothing. Constant after construction: safe on any thread. Made once, by app.
#pragma once

#include <string>

#include "coupond/core/bytes.h"
#include "coupond/core/random.h"
#include "coupond/core/result.h"

namespace coupon::core {

// An Ed25519 key pair and the name it is published under.
struct SigningKey {
  Block<32> public_key;
  Block<64> secret_key;
  std::string kid;
};

// The file is 64 hex digits and a newline, not 32 raw bytes: it can be copied from a terminal,
// printed and locked away, and an editor or a text-mode transfer cannot damage it unnoticed.
class Secrets {
 public:
  // Makes the file (mode 0600, durable before this returns) with a fresh key. Refuses to replace
  // one that exists: the codes of a database are lost with its key.
  static Result<Secrets> create(const std::string& path, const Random& random = system_random);
  // Reads it. Refuses a file that is missing, not a regular file, readable by others, or not a key;
  // the message names the path and the remedy. A loaded key may still be another database's:
  // compare key_id() with the one stored there.
  static Result<Secrets> load(const std::string& path);
  // The same keys from a master key in memory: for tests and for the embedded engine.
  static Secrets from_master(const Block<32>& master);

  Secrets(const Secrets&) = default;
  Secrets(Secrets&&) noexcept = default;
  Secrets& operator=(const Secrets&) = delete;
  Secrets& operator=(Secrets&&) = delete;
  ~Secrets();  // wipes

  // A fingerprint of the master key, 16 hex digits. Reveals nothing of it: store it in the database
  // to recognise a wrong key file.
  const std::string& key_id() const { return key_id_; }

  // HS256 for sessions: only this server verifies those.
  const Block<32>& session_key() const { return session_key_; }
  const std::string& session_kid() const { return session_kid_; }
  // HS256 for coupon tokens, which only this server verifies.
  const Block<32>& token_mac_key() const { return token_mac_key_; }
  const std::string& token_mac_kid() const { return token_mac_kid_; }
  // Ed25519 for coupon tokens: a till verifies them offline with the public key.
  const SigningKey& token_key() const { return token_key_; }
  // Ed25519 for ledger checkpoints; another pair, so that neither can be passed off as the other.
  const SigningKey& checkpoint_key() const { return checkpoint_key_; }
  // Codes: the key of their hash (the unique index) and of their sealed copy.
  const Block<32>& code_hash_key() const { return code_hash_key_; }
  const Block<32>& code_seal_key() const { return code_seal_key_; }
  // What else lies sealed in the database (seal.h): lines of imports, first answers.
  const Block<32>& record_seal_key() const { return record_seal_key_; }

 private:
  explicit Secrets(const Block<32>& master);

  std::string key_id_;
  std::string session_kid_;
  Block<32> session_key_;
  std::string token_mac_kid_;
  Block<32> token_mac_key_;
  SigningKey token_key_;
  SigningKey checkpoint_key_;
  Block<32> code_hash_key_;
  Block<32> code_seal_key_;
  Block<32> record_seal_key_;
};

}  // namespace coupon::core
