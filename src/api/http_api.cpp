#include "src/api/http_api.h"

#include "coupond/core/limits.h"
#include "src/api/native/document_api.h"
#include "src/api/native/native.h"
#include "src/api/native/pages_api.h"
#include "src/api/native/system_api.h"
#include "src/api/native/upkeep_api.h"
#include "src/api/services/services.h"

namespace coupon::api {
namespace {

const http::Dialect& native_dialect() {
  static const http::Dialect dialect{
      .tag = "Native API",
      .doc =
          "Everything coupond does. JSON in and out, unknown fields refused; every change takes "
          "an Idempotency-Key and dry_run=true.",
      .strict = true};
  return dialect;
}

void add_native_api(http::Api& api, Gate& gate, service::JobRunner& jobs, service::Upkeep& upkeep,
                    const std::atomic<bool>& stopping) {
  Endpoints v1 = gate.group(api, native_dialect());
  add_auth_endpoints(v1);
  add_user_endpoints(v1);
  add_people_endpoints(v1);
  add_key_endpoints(v1);
  add_campaign_endpoints(v1);
  add_code_endpoints(v1, jobs);
  add_import_preview_endpoint(v1);
  add_job_endpoints(v1, jobs);
  add_coupon_endpoints(v1);
  add_balance_endpoints(v1);
  add_change_endpoints(v1, jobs);
  add_redemption_endpoints(v1);
  add_report_endpoints(v1);
  add_ledger_endpoints(v1, stopping);
  add_print_endpoints(v1);
  add_till_endpoints(v1);
  add_upkeep_endpoints(v1, upkeep);
  add_page_endpoints(v1);
}

}  // namespace

HttpApi::HttpApi(service::Engine& engine, service::JobRunner& jobs, Gate::Options options,
                 SystemSources sources)
    : gate_(engine, options), upkeep_(engine, stopping_) {
  add_native_api(api_, gate_, jobs, upkeep_, stopping_);
  add_token_service(api_, gate_);
  add_book_service(api_, gate_, jobs);
  add_store_service(api_, gate_);
  add_card_service(api_, gate_);
  add_claim_service(api_, gate_);
  Endpoints system = gate_.group(api_, system_dialect());
  add_system_endpoints(system, distrusted_, std::move(sources));
  add_document_endpoints(system, api_);
  api_.mount(router_);
  add_pages(router_);
}

http::Reply HttpApi::handle(http::Request& request) const {
  return wants_front_page(request) ? front_page(request) : router_.handle(request);
}

std::size_t HttpApi::body_limit(const http::Request& head) const {
  const http::Endpoint* endpoint = api_.serving(head.method, head.target_path);
  const bool takes_files = endpoint != nullptr && !endpoint->body_types.empty();
  return takes_files && gate_.admits(*endpoint, head) ? core::limits::kImportBodyMaxBytes : 0;
}

}  // namespace coupon::api
