// Replica: a data directory whose database only takes another's changes. Owns the directory until
// it is destroyed; then all is in the one file, and an engine may open it. For one thread.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "coupond/core/result.h"
#include "coupond/core/secrets.h"
#include "coupond/store/change_record.h"
#include "coupond/store/data_dir.h"
#include "coupond/store/database.h"

namespace coupon::store {

class Replica {
 public:
  struct Options {
    // Looks the database through before it is opened, as every start of a shop does, and brings one
    // of an older version up to date.
    bool prepare = false;
    // What an owner should know, as sentences.
    std::function<void(const std::string&)> notice = [](const std::string&) {};
  };

  // Refused with one sentence.
  static core::Result<std::unique_ptr<Replica>> open(const DataPaths& paths,
                                                     const Options& options);
  static core::Result<std::unique_ptr<Replica>> open(const DataPaths& paths) {
    return open(paths, Options());
  }
  Replica(const Replica&) = delete;
  Replica& operator=(const Replica&) = delete;
  ~Replica();

  // As ChangeApplier does. A power cut may take it until sync().
  core::Result<core::Done> apply(const ChangeRecord& record);
  core::Result<core::Done> sync();

  const DatabaseFacts& facts() const { return facts_; }
  const core::Secrets& secrets() const { return secrets_; }
  std::int64_t position() const { return position_; }
  const LedgerHead& head() const { return head_; }

 private:
  Replica(DataLock lock, const DataPaths& paths, core::Secrets secrets);

  const DataPaths paths_;
  const DataLock lock_;
  const core::Secrets secrets_;
  std::unique_ptr<Connection> connection_;
  const DatabaseFacts facts_;
  std::unique_ptr<ChangeApplier> applier_;
  std::int64_t position_ = 0;
  LedgerHead head_;
};

}  // namespace coupon::store
