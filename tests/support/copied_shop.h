// A shop that keeps a copy: engine and copier as `serve --copy` puts them together, in a directory
// of their own, without HTTP. One thread.
#pragma once

#include <fstream>
#include <memory>
#include <string>

#include "coupond/core/log.h"
#include "coupond/service/engine.h"
#include "coupond/store/restore.h"
#include "src/app/copier.h"
#include "tests/support/engine_fixture.h"
#include "tests/support/temp_dir.h"

namespace coupon::test {

class CopiedShop {
 public:
  explicit CopiedShop(std::uint64_t seed = 7)
      : data_(directory_ / "data"), copy_(directory_ / "copy"), random_(seed) {}
  ~CopiedShop() { stop(); }

  // Starts it. Empty, or why it did not start.
  std::string open(bool sync = false, bool forget = false, bool accept_loss = false);
  std::string open_without_copy(bool forget = false);
  // Ends in order; or at once, as a kill does: what was not written to the copy by then is gone.
  void stop();
  void crash();

  // Accounts made, a batch each. How many were accepted; the last refusal is kept.
  int work(int accounts);
  core::Error last_refusal() const { return refusal_; }
  // Until the copy is whole and holds all there is. False when that takes too long.
  bool wait_for_copy();
  // Until there are so many bases. False when that takes more than so many seconds.
  bool wait_for_base(std::size_t count, int seconds = 60);
  // Until what the copier says of itself contains the words.
  bool wait_for_word(const std::string& words);

  service::Engine& engine() { return *engine_; }
  app::Copier& copier() { return *copier_; }
  FakeClock& clock() { return clock_; }
  const std::string& data() const { return data_; }
  const std::string& copy() const { return copy_; }
  std::string key() const { return data_ + "/secret.key"; }
  const TempDir& directory() const { return directory_; }
  void use_copy(const std::string& path) { copy_ = path; }
  // Before open(): when a new base is due.
  void set_changes_most(std::int64_t bytes) { changes_most_ = bytes; }

  std::int64_t entries();

 private:
  std::string begin(bool with_copy, const app::CopySettings& settings);

  TempDir directory_;
  std::string data_;
  std::string copy_;
  std::int64_t changes_most_ = store::kChangesMost;
  FakeClock clock_;
  SeededRandom random_;
  core::Log log_{core::LogFormat::kText};
  std::unique_ptr<app::Copier> copier_;
  std::unique_ptr<service::Engine> engine_;
  core::Error refusal_;
};

// Restores the copy into a new directory `to`, with the shop's key. Empty, or why it was refused.
std::string restore_copy(const CopiedShop& shop, const std::string& to,
                         const store::Until& until = {}, store::RestoreReport* report = nullptr);
// What a data directory's database holds but what a restore changes by itself.
std::string users_in(const std::string& data);
std::int64_t last_seq_in(const std::string& data);

// What is in the copy, and its files as they are, to look at and to damage.
inline bool mentions(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

inline store::CopyParts parts_of(const CopiedShop& shop) {
  return *store::look_at_copy(shop.copy());
}

inline std::string bytes_of(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

inline void write(const std::string& path, const std::string& bytes) {
  std::ofstream(path, std::ios::binary) << bytes;
}

}  // namespace coupon::test
