// The native API, /api/v1: each resource adds its endpoints in a file of its own. All are called
// once, at start-up, by add_native_api().
#pragma once

#include <atomic>

#include "coupond/http/endpoint.h"
#include "coupond/service/jobs.h"
#include "src/api/gate/gate.h"

namespace coupon::api {

void add_auth_endpoints(Endpoints& v1);
void add_user_endpoints(Endpoints& v1);
void add_people_endpoints(Endpoints& v1);
void add_key_endpoints(Endpoints& v1);
void add_campaign_endpoints(Endpoints& v1);
void add_code_endpoints(Endpoints& v1, service::JobRunner& jobs);
void add_import_preview_endpoint(Endpoints& v1);
void add_job_endpoints(Endpoints& v1, service::JobRunner& jobs);
void add_coupon_endpoints(Endpoints& v1);
void add_balance_endpoints(Endpoints& v1);
void add_change_endpoints(Endpoints& v1, service::JobRunner& jobs);
void add_redemption_endpoints(Endpoints& v1);
void add_report_endpoints(Endpoints& v1);
void add_print_endpoints(Endpoints& v1);
void add_till_endpoints(Endpoints& v1);
// `stopping`: true when nobody may wait any more; must outlive the router.
void add_ledger_endpoints(Endpoints& v1, const std::atomic<bool>& stopping);

}  // namespace coupon::api
