// The pages are served under a policy that allows neither inline script nor foreign hosts, and show
// text that may come from anybody.
#include <catch2/catch.hpp>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "src/web/assets.h"
#include "tests/support/source_dir.h"

using coupon::web::asset;

namespace {

bool has(std::string_view text, std::string_view part) {
  return text.find(part) != std::string_view::npos;
}

// The files of src/web that end so.
std::vector<std::string> files(std::string_view end) {
  std::vector<std::string> names;
  const auto folder = std::filesystem::path(coupon::test::source_dir()) / "src/web";
  for (const auto& entry : std::filesystem::directory_iterator(folder)) {
    const std::string name = entry.path().filename().string();
    if (name.ends_with(end)) names.push_back(name);
  }
  return names;
}

}  // namespace

TEST_CASE("the pages obey a policy without inline script or style", "[docs]") {
  for (const std::string& name : files(".html")) {
    INFO(name);
    const std::string_view html = asset(name);
    REQUIRE(has(html, "<script "));
    REQUIRE(has(html, "rel=\"stylesheet\" href=\"/"));
    CHECK_FALSE(has(html, "<script>"));
    CHECK_FALSE(has(html, "<style"));
    CHECK_FALSE(has(html, "style="));
    for (const char* handler : {"onclick", "onload", "onerror", "oninput", "onsubmit"}) {
      CHECK_FALSE(has(html, handler));
    }
  }
}

TEST_CASE("the pages load nothing from elsewhere", "[docs]") {
  for (const char* end : {".html", ".css", ".js"}) {
    for (const std::string& name : files(end)) {
      INFO(name);
      std::string text(asset(name));
      REQUIRE_FALSE(text.empty());
      // The name of a language, not an address.
      constexpr std::string_view kSvg = "http://www.w3.org/2000/svg";
      const std::size_t at = text.find(kSvg);
      if (at != std::string::npos) text.erase(at, kSvg.size());
      CHECK_FALSE(has(text, "http:"));
      CHECK_FALSE(has(text, "https:"));
      CHECK_FALSE(has(text, " url("));
      CHECK_FALSE(has(text, "@import"));
    }
  }
}

TEST_CASE("the pages put text in as text", "[docs]") {
  const auto scripts = files(".js");
  CHECK(scripts.size() > 10);
  for (const std::string& name : scripts) {
    for (const char* way : {"innerHTML", "outerHTML", "insertAdjacentHTML", "document.write",
                            "eval(", "new Function", "srcdoc"}) {
      INFO(name << ' ' << way);
      CHECK_FALSE(has(asset(name), way));
    }
  }
}

TEST_CASE("both languages have the same strings", "[docs]") {
  const auto keys = [](std::string_view text) {
    std::vector<std::string> names;
    for (std::size_t at = text.find('"'); at != std::string_view::npos; at = text.find('"', at)) {
      const std::size_t end = text.find('"', at + 1);
      if (text.substr(end + 1, 1) == ":") names.emplace_back(text.substr(at + 1, end - at - 1));
      at = end + 1;
    }
    return names;
  };
  CHECK(keys(asset("en.js")).size() + keys(asset("en-owner.js")).size() > 200);
  CHECK(keys(asset("en.js")) == keys(asset("de.js")));
  CHECK(keys(asset("en-owner.js")) == keys(asset("de-owner.js")));
}
