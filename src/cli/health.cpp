#include <cstdlib>
#include <iostream>
#include <memory>
#include <nlohmann/json.hpp>

#include "coupond/app/describe.h"
#include "coupond/app/server_address.h"
#include "coupond/http/client.h"
#include "coupond/http/json.h"
#include "src/cli/command.h"
#include "src/cli/settings.h"

namespace coupon::cli {
namespace {

struct HealthInput {
  std::string data = "./coupond-data";
  std::string url;
};

// Where to ask: what was said, else where the server of the data directory serves, else where one
// with our environment would.
core::Result<std::string> find_server(const HealthInput& input) {
  if (!input.url.empty()) return input.url;
  if (const auto noted = app::serving_url(store::DataPaths(input.data))) return *noted;
  app::Settings settings;
  if (const char* listen = std::getenv("COUPOND_LISTEN")) {
    if (!read_listen(listen, settings)) {
      return core::Error{.reason = core::Reason::kInvalidRequest,
                         .message =
                             "COUPOND_LISTEN takes a numeric address or localhost, a colon "
                             "and a port, not \"" +
                             std::string(listen) + "\"."};
    }
  }
  return app::local_url(settings.host, settings.port);
}

int ask(std::string url) {
  while (url.ends_with('/')) url.pop_back();
  auto client = http::Client::of_url(url);
  if (!client.ok()) return fail(client.error(), kUsage);
  const auto answer = client.value().send({.target = "/readyz"});
  if (!answer.ok()) {
    return fail(app::describe(answer.error()) +
                " Start a server with `coupond serve`, or say where it is: coupond health "
                "http://HOST:PORT, or --data DIR.");
  }
  const auto body = http::parse_json(answer->body);
  if (!body.ok() || !body->contains("checks")) {
    return fail("What answers at " + url + " is not coupond. Say where it is: coupond health " +
                "http://HOST:PORT.");
  }
  std::cout << url << "\n";
  for (const http::Json& check : body->at("checks")) {
    std::cout << (check.at("ok").get<bool>() ? "ok    " : "FAIL  ")
              << check.at("name").get<std::string>() << ": "
              << check.at("detail").get<std::string>() << "\n";
  }
  return answer->status == 200 ? kDone : kFailed;
}

int health(const HealthInput& input) {
  auto url = find_server(input);
  return url.ok() ? ask(*std::move(url)) : fail(url.error(), kUsage);
}

}  // namespace

void add_health(const Command& root) {
  const auto input = std::make_shared<HealthInput>();
  const Command command =
      root.add_subcommand("health", "Ask a running server whether it is fit to work");
  command.add_option("url", input->url,
                     "Where it serves, as http://HOST:PORT; by default where the server of the "
                     "data directory does, else where COUPOND_LISTEN says");
  command.add_data_option(input->data);
  command.footer(
      "Exit code 1 when it is not, or does not answer.\n"
      "Example: coupond health http://127.0.0.1:8080");
  command.runs([input] { return health(*input); });
}

}  // namespace coupon::cli
