// A new directory under the system's temporary one (TMPDIR says where), gone with all in it at the
// end. One thread.
#pragma once

#include <cstdlib>
#include <filesystem>
#include <string>
#include <system_error>

namespace coupon::app {

class TemporaryDirectory {
 public:
  // `purpose` goes into its name: "coupond-prove-a1B2c3".
  explicit TemporaryDirectory(const std::string& purpose) {
    std::error_code failed;
    const auto parent = std::filesystem::temp_directory_path(failed);
    std::string path = (parent / ("coupond-" + purpose + "-XXXXXX")).string();
    if (!failed && ::mkdtemp(path.data()) != nullptr) path_ = path;
  }
  ~TemporaryDirectory() {
    std::error_code ignored;
    if (!path_.empty()) std::filesystem::remove_all(path_, ignored);
  }
  TemporaryDirectory(const TemporaryDirectory&) = delete;
  TemporaryDirectory& operator=(const TemporaryDirectory&) = delete;

  // Empty when none could be made.
  const std::string& path() const { return path_; }

 private:
  std::string path_;
};

}  // namespace coupon::app
