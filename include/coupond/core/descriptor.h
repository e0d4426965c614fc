// Descriptor: a file, directory or socket that the system opened for us, closed at the end of its
// scope. Belongs to one thread at a time.
#pragma once

#include <string_view>
#include <utility>

namespace coupon::core {

class Descriptor {
 public:
  Descriptor() = default;
  // Takes what ::open() and the like gave: -1, for which errno says why, is nothing open.
  explicit Descriptor(int fd) : fd_(fd) {}
  Descriptor(Descriptor&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  Descriptor& operator=(Descriptor&& other) noexcept {
    std::swap(fd_, other.fd_);
    return *this;
  }
  ~Descriptor();

  bool is_open() const { return fd_ >= 0; }
  int fd() const { return fd_; }

 private:
  int fd_ = -1;
};

// Writes all of the text, however many calls it takes. False when it could not be; errno says why,
// unless nothing can be written at all.
bool write_all(int fd, std::string_view text);

}  // namespace coupon::core
