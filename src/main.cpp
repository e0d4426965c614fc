#include <fcntl.h>
#include <unistd.h>

#include "coupond/cli/cli.h"

namespace {

// A file opened in the place of a standard descriptor that is closed would get what is meant for
// that: log lines in the database's lock, codes in a socket. A closed standard output cannot be
// written to: a command must not take codes that go nowhere for printed.
bool open_standard_descriptors() {
  for (int fd = 0; fd <= 2; ++fd) {
    if (::fcntl(fd, F_GETFD) >= 0) continue;
    if (::open("/dev/null", fd == STDERR_FILENO ? O_WRONLY : O_RDONLY) != fd) return false;
  }
  return true;
}

}  // namespace

int main(int argc, char** argv) {
  if (!open_standard_descriptors()) return 3;
  return coupon::cli::run(argc, argv);
}
