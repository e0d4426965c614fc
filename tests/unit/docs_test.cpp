// The pages are served under a policy that allows neither inline script nor foreign hosts, and show
// text that may come from anybody.
#include <catch2/catch.hpp>
#include <string>
#include <string_view>

#include "src/web/assets.h"

using coupon::web::asset;

namespace {

bool has(std::string_view text, std::string_view part) {
  return text.find(part) != std::string_view::npos;
}

}  // namespace

TEST_CASE("the pages obey a policy without inline script or style", "[docs]") {
  const std::string name = GENERATE(as<std::string>(), "docs", "setup");
  INFO(name);
  const std::string_view html = asset(name + ".html");
  REQUIRE(has(html, "<script src=\"/" + name + ".js\" defer></script>"));
  REQUIRE(has(html, "href=\"/docs.css\""));
  CHECK_FALSE(has(html, "<script>"));
  CHECK_FALSE(has(html, "<style"));
  CHECK_FALSE(has(html, "style="));
  for (const char* handler : {"onclick", "onload", "onerror", "oninput", "onsubmit"}) {
    CHECK_FALSE(has(html, handler));
  }
}

TEST_CASE("the pages load nothing from elsewhere", "[docs]") {
  for (const char* name : {"docs.html", "docs.css", "docs.js", "setup.html", "setup.js"}) {
    INFO(name);
    const std::string_view text = asset(name);
    REQUIRE_FALSE(text.empty());
    CHECK_FALSE(has(text, "http:"));
    CHECK_FALSE(has(text, "https:"));
    CHECK_FALSE(has(text, " url("));
    CHECK_FALSE(has(text, "@import"));
  }
}

TEST_CASE("the pages put text in as text", "[docs]") {
  const std::string_view js = asset(GENERATE(as<std::string>(), "docs.js", "setup.js"));
  for (const char* way :
       {"innerHTML", "outerHTML", "insertAdjacentHTML", "document.write", "eval("}) {
    INFO(way);
    CHECK_FALSE(has(js, way));
  }
}
