// A shadow: a database that knows only what the change records of another say. Give it to a writer
// as its ChangeSink; afterwards both must hold the same, row for row. On the writer's thread, and
// on the test's when the writer is at rest.
#pragma once

#include <atomic>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "coupond/store/change_record.h"
#include "coupond/store/connection.h"

namespace coupon::test {

// Every table of the database with a digest of its rows, and the schema's text. One per line.
std::string table_digests(store::Connection& connection);
// The same of a data directory; why it cannot be opened, where it cannot.
std::string digests_in(const std::string& data);

class Shadow : public store::ChangeSink {
 public:
  // `path`: a database that holds what the other one held before its first record.
  Shadow(const std::string& path, store::Verifier verifier);

  Stored append(const store::ChangeRecord& record) override;
  void committed() override;
  bool take_back() override;

  // Somebody wrote the other one without a record: nothing can be compared any more.
  void lose() { lost_ = true; }
  bool is_lost() const { return lost_; }
  // What is wrong; empty when both are the same.
  std::string compare(store::Connection& other);

  // All records that were committed, as they were encoded.
  const std::vector<std::string>& records() const { return records_; }

 private:
  store::Connection connection_;
  const store::Verifier verifier_;
  std::unique_ptr<store::ChangeApplier> applier_;
  std::optional<std::string> pending_;
  std::vector<std::string> records_;
  std::string fault_;
  std::atomic<bool> lost_ = false;
};

}  // namespace coupon::test
