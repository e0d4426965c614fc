// Jobs as the native API writes them.
#pragma once

#include <string>

#include "coupond/service/jobs.h"
#include "src/api/gate/call.h"

namespace coupon::api {

struct JobReply {
  std::int64_t id = 0;
  std::string kind = {};
  core::CampaignId campaign_id = {};
  std::string state = {};
  std::int64_t total = 0, done = 0, errors = 0;
  std::string message = {};
  core::UnixMs created_at = {}, updated_at = {};
  static http::Object<JobReply> shape();
};
JobReply job_reply(const domain::Job& job);

struct JobQueued {
  JobReply job = {};
  static http::Object<JobQueued> shape();
};

// Lets the runner have a planned job: 202 with the job.
core::Result<http::Reply> queue(Call& call, service::JobRunner& jobs, const domain::Job& planned);

}  // namespace coupon::api
