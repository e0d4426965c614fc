#include "src/cli/codes_change.h"

#include <algorithm>
#include <chrono>
#include <iostream>
#include <memory>
#include <thread>

#include "coupond/core/ascii.h"
#include "coupond/domain/money.h"
#include "src/cli/code_filter.h"
#include "src/cli/progress.h"

namespace coupon::cli {
namespace {

struct ChangeInput {
  std::string data = "./coupond-data";
  std::string campaign;
  bool ends = false, restore = false, free = false, dry_run = false;
  std::string uses, expires, reason, last4;
  CodeFilterInput filter;
};

core::Error usage(std::string message) {
  return {.reason = core::Reason::kInvalidRequest, .message = std::move(message)};
}

core::Result<Json> uses_in(const std::string& text) {
  if (text == "none") return Json();
  if (!core::is_digits(text) || text.size() > 12) {
    return usage("--uses takes a number or none, not \"" + text + "\".");
  }
  return Json(std::stoll(text));
}

std::optional<core::Error> add_time(Json& body, const char* field, const char* flag,
                                    const std::string& text) {
  if (text.empty()) return std::nullopt;
  if (text == "none") {
    body[field] = Json();
    return std::nullopt;
  }
  auto at = time_in(flag, text);
  if (!at.ok()) return at.error();
  body[field] = *std::move(at);
  return std::nullopt;
}

core::Result<Json> body_of(const ChangeInput& input) {
  const bool terms = !input.uses.empty() || !input.expires.empty();
  if (int{input.ends} + int{input.restore} + int{input.free} + int{terms} != 1) {
    return usage("Say what to do: --void, --restore, --free, or --uses N and --expires TIME.");
  }
  const char* action = input.ends      ? "void"
                       : input.restore ? "restore"
                       : input.free    ? "free"
                                       : "terms";
  Json body{{"action", action}};
  if (!input.uses.empty()) {
    auto uses = uses_in(input.uses);
    if (!uses.ok()) return uses.error();
    body["max_uses"] = *std::move(uses);
  }
  if (auto bad = add_time(body, "expires_at", "--expires", input.expires)) return *bad;
  if (!input.reason.empty()) body["reason"] = input.reason;
  const auto filter = filter_fields(input.filter);
  if (!filter.ok()) return filter.error();
  body.update(*filter);
  return body;
}

core::Result<Json> wait_for(ControlChannel& channel, const std::string& path) {
  using std::chrono::milliseconds;
  Progress progress("Changing");
  for (milliseconds pause{2};; pause = std::min(pause * 2, milliseconds(200))) {
    auto job = channel.get(path);
    if (!job.ok()) return job;
    const std::string state = job->at("state").get<std::string>();
    if (state != "queued" && state != "running") {
      progress.clear();
      return job;
    }
    progress.show(job->at("done").get<std::int64_t>(), job->at("total").get<std::int64_t>());
    std::this_thread::sleep_for(pause);
  }
}

// Starts the job that `target` plans, waits for it, and names each code it could not change.
int carry_out(ControlChannel& channel, const std::string& target, const Json& body, bool dry_run) {
  const auto planned = channel.call("POST", target + "?dry_run=true", body);
  if (!planned.ok()) return fail(planned.error());
  std::cout << text_of(planned->at("job"), "message") << ".";
  if (dry_run) {
    std::cout << " Nothing is changed.\n";
    return printed();
  }
  std::cout << "\n";
  const auto queued = channel.call("POST", target, body);
  if (!queued.ok()) return fail(queued.error());
  const std::string path = "/api/v1/jobs/" + text_of(queued->at("job"), "id");
  const auto job = wait_for(channel, path);
  if (!job.ok()) return fail(job.error());
  const auto told = each_item(channel, path + "/errors?limit=1000", [](const Json& error) {
    std::cerr << "number " << error.at("line").get<std::int64_t>() << ": "
              << text_of(error, "reason") << "\n";
  });
  if (!told.ok()) return fail(told.error());
  if (job->at("state") != "done") return fail("The job ended: " + text_of(*job, "message"));
  std::cout << text_of(*job, "errors") << " refused.\n";
  const int written = printed();
  return job->at("errors") == 0 ? written : kFailed;
}

int change(const ChangeInput& input) {
  const auto body = body_of(input);
  if (!body.ok()) return fail(body.error(), kUsage);
  return with_channel(input.data, [&](ControlChannel& channel) -> int {
    return carry_out(channel,
                     "/api/v1/campaigns/" + http::percent_encode(input.campaign) + "/codes/change",
                     *body, input.dry_run);
  });
}

int find(const ChangeInput& input) {
  return with_channel(input.data, [&](ControlChannel& channel) -> int {
    const auto done = each_item(
        channel, "/api/v1/coupons?limit=1000&last4=" + http::percent_encode(input.last4),
        [](const Json& coupon) {
          std::cout << text_of(coupon, "code") << "\t" << text_of(coupon, "campaign") << "\t"
                    << text_of(coupon, "number") << "\t" << text_of(coupon, "state") << "\n";
        });
    return done.ok() ? printed() : fail(done.error());
  });
}

}  // namespace

int undo_job(const std::string& data_dir, std::int64_t job, bool dry_run) {
  return with_channel(data_dir, [&](ControlChannel& channel) -> int {
    return carry_out(channel, "/api/v1/jobs/" + std::to_string(job) + "/undo", Json::object(),
                     dry_run);
  });
}

void add_codes_change(const Command& codes) {
  const auto input = std::make_shared<ChangeInput>();
  const Command many =
      add_data_command(codes, "change", "Void, restore, free or change many codes", input, change);
  many.add_option("campaign", input->campaign, "Slug, id or UUID; id:7 is an id, slug:7 a slug")
      .required();
  many.add_flag("--void", input->ends, "End them");
  many.add_flag("--restore", input->restore, "Make void ones good again that were never used");
  many.add_flag("--free", input->free, "End those never used; their codes may be stored anew");
  many.add_option("--uses", input->uses, "How often each can be used; none: no limit");
  many.add_option("--expires", input->expires, "When they end: RFC 3339 or a date; none: never");
  add_code_filter(many, input->filter);
  many.add_option("--reason", input->reason, "Why; the ledger keeps it");
  many.add_flag("--dry-run", input->dry_run, "Say how many match, and change nothing");
  many.footer("Example: coupond codes change members-2027 --void --from 500 --to 599");
  const Command one =
      add_data_command(codes, "find", "Find codes by their last four symbols", input, find);
  one.add_option("last4", input->last4, "The last four symbols").required();
}

}  // namespace coupon::cli
