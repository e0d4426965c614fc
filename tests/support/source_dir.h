// Where the sources of this build lie, for tests that read the tree itself.
#pragma once

#include <filesystem>

namespace coupon::test {

std::filesystem::path source_dir();

}  // namespace coupon::test
