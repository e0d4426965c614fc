#include <iostream>

#include "coupond/app/document.h"
#include "src/cli/command.h"

namespace coupon::cli {
namespace {

int print_document() {
  const auto text = app::openapi_text();
  if (!text.ok()) return fail(text.error());
  std::cout << *text << "\n";
  return std::cout.flush() ? kDone : fail("The output cannot be written.");
}

}  // namespace

void add_openapi(const Command& root) {
  root.add_subcommand("openapi", "Print the OpenAPI document of every endpoint")
      .runs(print_document);
}

}  // namespace coupon::cli
