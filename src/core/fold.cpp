#include "coupond/core/fold.h"

#include <utf8proc.h>

#include <cstdlib>
#include <memory>
#include <new>

#include "coupond/core/assert.h"
#include "coupond/core/bytes.h"

namespace coupon::core {

std::string nfkc_casefold(std::string_view text) {
  utf8proc_uint8_t* folded = nullptr;
  const auto size = utf8proc_map(
      as_bytes(text).data(), static_cast<utf8proc_ssize_t>(text.size()), &folded,
      static_cast<utf8proc_option_t>(UTF8PROC_STABLE | UTF8PROC_COMPOSE | UTF8PROC_COMPAT |
                                     UTF8PROC_CASEFOLD | UTF8PROC_IGNORE));
  const std::unique_ptr<utf8proc_uint8_t, decltype(&std::free)> owner(folded, &std::free);
  if (size == UTF8PROC_ERROR_NOMEM) throw std::bad_alloc();
  COUPOND_ASSERT(size >= 0);  // the text was checked
  return std::string(as_text({folded, static_cast<std::size_t>(size)}));
}

}  // namespace coupon::core
