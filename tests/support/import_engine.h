// An engine for tests of imports and exports: a file goes in and comes out in one call.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "coupond/service/export.h"
#include "tests/support/job_steps.h"

namespace coupon::test {

struct ImportEngine : JobEngine {
  domain::Job import_all(core::CampaignId campaign, std::string_view text,
                         service::ImportFormat format = service::ImportFormat::kCsv) {
    const domain::Job queued = must(import(campaign, text, format));
    run_all({});
    return job(queued.id);
  }
  // Line and reason of every refused line of a job, by the reason's name: what follows it depends
  // on where a slice ended.
  std::map<std::int64_t, std::string> errors(std::int64_t job) {
    std::map<std::int64_t, std::string> all;
    std::int64_t after = 0;
    while (true) {
      const auto page = must(read<std::vector<domain::JobError>>([&](store::Connection& db) {
        return core::Result<std::vector<domain::JobError>>(
            store::list_job_errors(db, job, after, 1000));
      }));
      if (page.empty()) return all;
      for (const auto& error : page) {
        all[error.line] = error.reason.substr(0, error.reason.find(':'));
      }
      after = page.back().line;
    }
  }
  std::string export_all(core::CampaignId campaign) {
    auto out = must(service::CodeExport::open(**this, service::Caller::cli(), campaign));
    std::string text(service::CodeExport::header());
    while (true) {
      const std::string lines = must(out.next());
      if (lines.empty()) return text;
      text += lines;
    }
  }
};

}  // namespace coupon::test
