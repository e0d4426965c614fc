// What `prove` and `bench` need of the machine: a directory to work in, and to hear that the user
// wants them to end. One thread.
#pragma once

#include <string>

namespace coupon::cli {

// A new directory under the system's temporary one (TMPDIR says where), gone with all in it at the
// end.
class Workplace {
 public:
  // `purpose` goes into its name: "coupond-prove-a1B2c3".
  explicit Workplace(const std::string& purpose);
  ~Workplace();
  Workplace(const Workplace&) = delete;
  Workplace& operator=(const Workplace&) = delete;

  // Empty when none could be made.
  const std::string& path() const { return path_; }

 private:
  std::string path_;
};

// From its construction on, SIGINT and SIGTERM do not end the program but are told here, so that it
// can tidy up. To be made before any thread is started: threads inherit it.
class Interruption {
 public:
  Interruption();
  ~Interruption();
  Interruption(const Interruption&) = delete;
  Interruption& operator=(const Interruption&) = delete;

  // Whether one of them has come.
  bool asked();

 private:
  const int signals_;  // a signalfd
  bool asked_ = false;
};

}  // namespace coupon::cli
