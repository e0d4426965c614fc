#include "tests/security/site.h"

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <set>
#include <sstream>

namespace coupon::test {
namespace {

std::int64_t status_figure(pid_t pid, const std::string& name) {
  std::ifstream file("/proc/" + std::to_string(pid) + "/status");
  for (std::string line; std::getline(file, line);) {
    if (line.starts_with(name + ":")) return std::stoll(line.substr(name.size() + 1));
  }
  throw std::runtime_error("no " + name + " of process " + std::to_string(pid));
}

Operation operation_from(const std::string& method, const std::string& path,
                         const nlohmann::json& declared) {
  Operation operation{.method = method, .path = path};
  for (const auto& parameter : declared.value("parameters", nlohmann::json::array())) {
    // Where there are few values only these lead to the operation.
    if (parameter.value("in", "") != "path" || !parameter["schema"].contains("enum")) continue;
    const std::string place = '{' + parameter["name"].get<std::string>() + '}';
    operation.path.replace(operation.path.find(place), place.size(),
                           parameter["schema"]["enum"][0].get<std::string>());
  }
  std::transform(method.begin(), method.end(), operation.method.begin(),
                 [](char c) { return static_cast<char>(c - 'a' + 'A'); });
  for (const auto& way : declared.at("security")) {
    if (way.empty()) return operation;  // a session is welcome and not needed
    operation.open = false;
    operation.refresh = operation.refresh || way.contains("refresh_token");
    if (way.contains("session") && !way["session"].empty())
      operation.role = way["session"][0].get<std::string>();
  }
  return operation;
}

}  // namespace

HttpResponse knock(int port, std::string_view method, std::string_view path, std::string_view token,
                   std::string_view body, Headers headers) {
  if (!token.empty()) headers.emplace_back("Authorization", "Bearer " + std::string(token));
  const bool typed = std::any_of(headers.begin(), headers.end(),
                                 [](const auto& one) { return one.first == "Content-Type"; });
  if (!body.empty() && !typed) headers.emplace_back("Content-Type", "application/json");
  return HttpClient(port).send(method, path, headers, body);
}

nlohmann::json lasting(const HttpResponse& response) {
  nlohmann::json body = nlohmann::json::parse(response.body, nullptr, false);
  if (body.is_discarded()) return nullptr;
  if (body.is_object()) {
    body.erase("request_id");
    body.erase("retry_at");
  }
  return body;
}

std::vector<std::string> lasting_headers(const HttpResponse& response) {
  static const std::set<std::string> kFleeting = {"Date", "X-Request-Id", "RateLimit",
                                                  "RateLimit-Policy"};
  std::vector<std::string> lines;
  for (const auto& [name, value] : response.headers) {
    if (!kFleeting.contains(name)) lines.push_back(name + ": " + value);
  }
  std::sort(lines.begin(), lines.end());
  return lines;
}

std::string credentials(const std::string& email, const std::string& password) {
  return nlohmann::json{{"email", email}, {"password", password}}.dump();
}

std::int64_t rss_kib(pid_t pid) { return status_figure(pid, "VmRSS"); }
std::int64_t peak_rss_kib(pid_t pid) { return status_figure(pid, "VmHWM"); }

std::string bytes_of(const std::string& path) {
  std::ostringstream text;
  text << std::ifstream(path, std::ios::binary).rdbuf();
  return text.str();
}

std::string bytes_under(const std::string& directory) {
  std::string all;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(directory)) {
    const bool ballast = entry.path().filename() == "BALLAST";  // 16 MiB of nothing
    if (entry.is_regular_file() && !ballast) all += bytes_of(entry.path().string());
  }
  return all;
}

std::vector<Operation> operations_of(int port) {
  const auto document = nlohmann::json::parse(knock(port, "GET", "/openapi.json").body);
  std::vector<Operation> operations;
  for (const auto& [path, methods] : document.at("paths").items()) {
    for (const auto& [method, declared] : methods.items()) {
      operations.push_back(operation_from(method, path, declared));
    }
  }
  return operations;
}

std::string filled(const Operation& operation, const std::string& value) {
  std::string path = operation.path;
  for (std::size_t open; (open = path.find('{')) != std::string::npos;) {
    path.replace(open, path.find('}', open) - open + 1, value);
  }
  return path;
}

}  // namespace coupon::test
