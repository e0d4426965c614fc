// The rules about #include: the arrows between modules, and who may use which library.
#include <algorithm>
#include <map>
#include <regex>
#include <set>
#include <string>

#include "tests/tidy/rules.h"

namespace coupon::tidy {
namespace {

// Which other modules a module may include. `main` is src/main.cpp.
const std::map<std::string, std::set<std::string>>& arrows() {
  static const std::map<std::string, std::set<std::string>> table = {
      {"core", {}},
      {"domain", {"core"}},
      {"store", {"core", "domain"}},
      {"service", {"core", "domain", "store"}},
      {"http", {"core"}},
      {"web", {}},
      {"api", {"core", "domain", "service", "http", "web"}},
      {"cluster", {"core", "store", "http"}},
      {"app", {"core", "domain", "store", "service", "http", "api", "web", "cluster"}},
      {"load", {"core"}},
      {"cli",
       {"core", "domain", "store", "service", "http", "api", "web", "app", "load", "cluster"}},
      {"main", {"core", "cli"}},
  };
  return table;
}

// Private headers (src/MODULE/x.h) that another module may include: those modules have no public
// ones.
bool may_see_private(const std::string& from, const std::string& to) {
  if (to == "web") return from == "api" || from == "app";
  return (to == "api" && from == "app") || (to == "cli" && from == "main");
}

// Which modules may include a library, by how its include begins. Tests may include all but
// httplib.
struct Library {
  const char* prefix;
  std::set<std::string> modules;
};
const std::vector<Library>& libraries() {
  static const std::vector<Library> table = {
      {"sodium", {"core", "app", "cli"}},
      {"SQLiteCpp/", {"store", "app", "cli"}},
      {"sqlite3", {"store", "app", "cli"}},
      {"nlohmann/", {"service", "http", "api", "app", "cli", "cluster"}},
      {"qrcodegen/", {"api"}},
      {"CLI/", {"cli"}},
      {"catch2/", {}},
  };
  return table;
}

struct Include {
  std::size_t line;
  bool system;       // <x>, not "x".
  std::string path;  // Between the marks.
};

std::vector<Include> includes_of(const Source& source) {
  static const std::regex directive(R"re(^#include ([<"])([^>"]+)[>"])re");
  std::vector<Include> includes;
  for (std::size_t i = 0; i < source.lines.size(); ++i) {
    std::smatch match;
    if (!source.lines[i].starts_with("#include")) continue;
    if (std::regex_search(source.lines[i], match, directive)) {
      includes.push_back({i + 1, match[1].str() == "<", match[2].str()});
    }
  }
  return includes;
}

// The part of `path` between `prefix` and the next slash; empty when there is none.
std::string folder_after(const std::string& path, const std::string& prefix) {
  if (!path.starts_with(prefix)) return {};
  const std::size_t slash = path.find('/', prefix.size());
  if (slash == std::string::npos) return {};
  return path.substr(prefix.size(), slash - prefix.size());
}

// The module a product file belongs to; empty for tests and examples.
std::string module_of(const Source& source) {
  if (source.path == "src/main.cpp") return "main";
  const std::string folder = folder_after(source.path, "src/");
  return folder.empty() ? folder_after(source.path, "include/coupond/") : folder;
}

Violation bad(const Source& source, const Include& include, const std::string& why) {
  return {source.path + ":" + std::to_string(include.line), include.path + ": " + why};
}

// Whether `path` is named from the root of the tree, or generated.
bool from_root(const std::string& path) {
  if (path.find("..") != std::string::npos) return false;
  return path.starts_with("coupond/") || path.starts_with("src/") || path.starts_with("tests/") ||
         path.starts_with("coupond_");
}

// Why `from` may not include this header of ours; empty when it may. An empty `from` is a test or
// an example, which may include everything.
std::string refusal(const Source& source, const std::string& from, const std::string& path) {
  if (!from_root(path)) return "name it from the root: coupond/…, src/… or tests/…";
  if (from.empty() || path.starts_with("coupond_")) return "";
  if (path.starts_with("tests/")) return "the product includes no test";
  const std::string open = folder_after(path, "coupond/");
  const std::string hidden = folder_after(path, "src/");
  const std::string to = open.empty() ? hidden : open;
  if (!hidden.empty() && source.starts_with("include/"))
    return "a public header includes a private one";
  if (to == from) return "";
  if (!hidden.empty() && !may_see_private(from, to)) return "a private header of another module";
  return arrows().at(from).contains(to) ? "" : from + " may not include " + to;
}

}  // namespace

Violations check_include_arrows(const Source& source) {
  const std::string from = module_of(source);
  if (!source.is_cpp()) return {};
  if (!from.empty() && !arrows().contains(from))
    return {{source.path + ":1", "a module the design does not know"}};
  Violations found;
  for (const Include& include : includes_of(source)) {
    if (include.system) continue;
    const std::string why = refusal(source, from, include.path);
    if (!why.empty()) found.push_back(bad(source, include, why));
  }
  return found;
}

Violations check_libraries(const Source& source) {
  if (!source.is_cpp()) return {};
  const std::string from = module_of(source);
  static const std::regex server(R"(^src/http/(server\w*|client)\.cpp$)");
  Violations found;
  for (const Include& include : includes_of(source)) {
    if (include.path == "httplib.h" && !std::regex_match(source.path, server)) {
      found.push_back(bad(source, include, "only src/http/server*.cpp and client.cpp may"));
    }
    if (from.empty()) continue;
    for (const Library& library : libraries()) {
      if (include.path.starts_with(library.prefix) && !library.modules.contains(from)) {
        found.push_back(bad(source, include, "not a library of " + from));
      }
    }
  }
  return found;
}

}  // namespace coupon::tidy
