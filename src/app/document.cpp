#include "coupond/app/document.h"

#include "coupond/app/temporary_directory.h"
#include "coupond/service/engine.h"
#include "coupond/service/jobs.h"
#include "src/api/http_api.h"
#include "src/api/native/campaign_shapes.h"
#include "src/api/native/document_api.h"

namespace coupon::app {
namespace {

constexpr int kIndent = 2;

}  // namespace

core::Result<std::string> openapi_text() {
  const TemporaryDirectory directory("openapi");
  service::Engine::Options options;
  options.data_dir = directory.path();
  const auto engine = service::Engine::open(std::move(options));
  if (!engine.ok()) return engine.error();
  service::JobRunner jobs(**engine);
  const api::HttpApi http_api(**engine, jobs, {}, {});
  return api::document_of(http_api.api(), kIndent);
}

const http::Shape& new_campaign_shape() { return http::shape_of<api::NewCampaign>(); }

const http::Shape& campaign_patch_shape() { return http::shape_of<api::CampaignPatch>(); }

}  // namespace coupon::app
