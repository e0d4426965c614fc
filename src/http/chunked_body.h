// A request body that comes in chunks (RFC 9112, 7.1), taken apart under a limit. What two readers
// could understand differently is refused: spaces, signs, bare line ends, sizes beyond eight
// digits, long extensions, trailers. Extensions are read and ignored. A value: no sockets, one
// thread.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace coupon::http {

class ChunkedBody {
 public:
  enum class Step {
    kNeedMore,
    kEnd,        // The body is whole.
    kOverLimit,  // The next chunk goes beyond `most`; nothing of it was taken. May go on with more.
    kMalformed,
  };

  // Moves data from the front of `input`, which was received after the head and is not yet used, to
  // the end of `body`, which never gets longer than `most`.
  Step take(std::string_view& input, std::string& body, std::size_t most);

 private:
  enum class At { kSize, kData, kDataEnd, kEnd };

  Step take_size(std::string_view& input);
  static Step take_line_end(std::string_view& input);

  At at_ = At::kSize;
  std::size_t missing_ = 0;  // bytes of the current chunk
};

}  // namespace coupon::http
