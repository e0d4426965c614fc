#include "tests/simulation/process.h"

namespace coupon::test {

Process::Process(FaultVfs& disk, const std::string& path, store::Durability durability,
                 FakeClock& clock)
    : readers_(path, {.connections = 1, .vfs = disk.name()}),
      writer_(path, test_signer(), clock.as_clock(), counters_,
              {.durability = durability,
               .drive = store::Writer::Drive::kCaller,
               .log_step = 60,
               .vfs = disk.name()},
              observer()) {}

store::Writer::Observer Process::observer() {
  return {.batch = [this](const store::BatchReport& report) { committed_ = report.committed; },
          .fatal = [this](const std::string&) { must_leave_ = true; }};
}

core::Result<store::LedgerCheck> Process::check_ledger() {
  return readers_.read<store::LedgerCheck>([](store::Connection& connection) {
    return store::check_since_checkpoint(connection, test_verifier());
  });
}

}  // namespace coupon::test
