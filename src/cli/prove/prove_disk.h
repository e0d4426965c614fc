// Whether answers wait for the disk, as far as that can be seen without tracing: an answer that was
// quicker than the quickest sync of this disk cannot have waited for one.
#pragma once

#include <optional>
#include <string>

namespace coupon::cli {

struct DiskCheck {
  double sync_us = 0;    // the quickest of many bare syncs of one block; 0: not measured
  double answer_us = 0;  // the quickest of many acknowledged writes, one after the other

  // Below this a sync is no slower than a request without one: then nothing can be told.
  static constexpr double kTellingUs = 200;
  bool tells() const { return sync_us >= kTellingUs && answer_us > 0; }
  // Half of it is left for a disk that has a better moment than those we measured.
  bool broken() const { return tells() && answer_us < sync_us / 2; }
};

// The quickest of many syncs of one block that was written before, in a file of its own in
// `directory`, in microseconds. None when the file cannot be made or synced.
std::optional<double> quickest_sync_us(const std::string& directory);

}  // namespace coupon::cli
