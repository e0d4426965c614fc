// The five services whose clients coupond serves, one file each. Called once, at start-up.
#pragma once

#include "coupond/http/endpoint.h"
#include "coupond/service/jobs.h"
#include "src/api/gate/gate.h"

namespace coupon::api {

void add_token_service(http::Api& api, Gate& gate);
void add_book_service(http::Api& api, Gate& gate, service::JobRunner& jobs);
void add_store_service(http::Api& api, Gate& gate);
void add_card_service(http::Api& api, Gate& gate);
void add_claim_service(http::Api& api, Gate& gate);

}  // namespace coupon::api
