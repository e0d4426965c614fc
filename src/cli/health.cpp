#include <iostream>
#include <memory>
#include <nlohmann/json.hpp>

#include "coupond/http/json.h"
#include "src/cli/command.h"
#include "src/cli/http_get.h"

namespace coupon::cli {
namespace {

int health(std::string url) {
  while (url.ends_with('/')) url.pop_back();
  const auto answer = http_get(url + "/readyz");
  if (!answer.ok()) return fail(answer.error());
  const auto body = http::parse_json(answer->body);
  if (!body.ok() || !body->contains("checks")) return fail("What answers is not coupond.");
  for (const http::Json& check : body->at("checks")) {
    std::cout << (check.at("ok").get<bool>() ? "ok    " : "FAIL  ")
              << check.at("name").get<std::string>() << ": "
              << check.at("detail").get<std::string>() << "\n";
  }
  return answer->status == 200 ? kDone : kFailed;
}

}  // namespace

void add_health(CommandLine& line) {
  const auto url = std::make_shared<std::string>("http://127.0.0.1:8080");
  CLI::App* command =
      line.root.add_subcommand("health", "Ask a running server whether it is fit to work");
  command->add_option("url", *url, "Where it serves")->capture_default_str();
  command->footer("Exit code 1 when it is not, or does not answer.");
  command->callback([&line, url] { line.chosen = [url] { return health(*url); }; });
}

}  // namespace coupon::cli
