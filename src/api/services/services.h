// The five services whose clients coupond serves, one file each. Called once, at start-up.
#pragma once

#include <string_view>

#include "coupond/http/endpoint.h"
#include "coupond/service/jobs.h"
#include "src/api/gate/gate.h"

namespace coupon::api {

// Without the blanks at both ends, which people paste along.
inline std::string_view trimmed(std::string_view text) {
  constexpr std::string_view kBlanks = " \t\r\n";
  const std::size_t first = text.find_first_not_of(kBlanks);
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(kBlanks) - first + 1);
}

void add_token_service(http::Api& api, Gate& gate);
void add_book_service(http::Api& api, Gate& gate, service::JobRunner& jobs);
void add_store_service(http::Api& api, Gate& gate);
void add_card_service(http::Api& api, Gate& gate);
void add_claim_service(http::Api& api, Gate& gate);

}  // namespace coupon::api
