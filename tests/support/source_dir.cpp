#include "tests/support/source_dir.h"

namespace coupon::test {

std::filesystem::path source_dir() { return COUPOND_SOURCE_DIR; }

}  // namespace coupon::test
