#include "coupond/core/assert.h"

#include <cstdio>
#include <cstdlib>
#include <cstring>

namespace coupon::core {

void assert_failed(const char* condition, const char* file, int line) noexcept {
  // Only the file's name: where it was compiled is nobody's business.
  const char* slash = std::strrchr(file, '/');
  std::fprintf(stderr, "coupond: broken invariant: %s (%s:%d). The data is safe; restart.\n",
               condition, slash == nullptr ? file : slash + 1, line);
  std::abort();
}

}  // namespace coupon::core
