#include "coupond/app/document.h"

#include <cstdlib>
#include <filesystem>

#include "coupond/service/engine.h"
#include "coupond/service/jobs.h"
#include "src/api/http_api.h"
#include "src/api/native/document_api.h"

namespace coupon::app {
namespace {

constexpr int kIndent = 2;

class TemporaryDirectory {
 public:
  TemporaryDirectory()
      : path_((std::filesystem::temp_directory_path() / "coupond-XXXXXX").string()),
        made_(::mkdtemp(path_.data()) != nullptr) {}
  ~TemporaryDirectory() {
    std::error_code ignored;
    if (made_) std::filesystem::remove_all(path_, ignored);
  }
  TemporaryDirectory(const TemporaryDirectory&) = delete;
  TemporaryDirectory& operator=(const TemporaryDirectory&) = delete;

  const std::string& path() const { return path_; }

 private:
  std::string path_;
  const bool made_;
};

}  // namespace

core::Result<std::string> openapi_text() {
  const TemporaryDirectory directory;
  service::Engine::Options options;
  options.data_dir = directory.path();
  const auto engine = service::Engine::open(std::move(options));
  if (!engine.ok()) return engine.error();
  service::JobRunner jobs(**engine);
  const api::HttpApi http_api(**engine, jobs, {}, {});
  return api::document_of(http_api.api(), kIndent);
}

}  // namespace coupon::app
