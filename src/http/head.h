// The strict reading of a request's head. What two readers could understand differently (request
// smuggling) is refused, not repaired.
// Values and pure functions: no sockets, safe on any thread.
#pragma once

#include <cstddef>
#include <optional>
#include <string_view>
#include <utility>
#include <vector>

namespace coupon::http {

// Why the server refuses by itself. The texts are constants.
struct WireRefusal {
  int status;
  std::string_view code;
  std::string_view detail;
};

// Finds the end of a head that arrives in pieces, looking at each byte once and refusing at the
// first that cannot be part of one, so that a client which will never finish is not waited for.
class HeadScanner {
 public:
  // `received` is everything received of this request so far; it may only grow between calls.
  std::optional<WireRefusal> scan(std::string_view received);
  // The head's size with the empty line at its end; 0 while it is not complete.
  std::size_t size() const { return size_; }

 private:
  std::optional<WireRefusal> end_line();

  std::size_t next_ = 0;  // The first byte not looked at.
  std::size_t line_start_ = 0;
  std::size_t lines_ = 0;
  std::size_t size_ = 0;
};

// A head taken apart; the views point into the text given.
struct Head {
  std::string_view method;
  std::string_view path;   // With its percent-escapes.
  std::string_view query;  // Without the question mark.
  bool http_1_0 = false;
  std::vector<std::pair<std::string_view, std::string_view>> fields;
  std::size_t content_length = 0;  // 0 when there is none.
  bool chunked = false;            // The body says itself where it ends.
  bool expects_continue = false;
  bool keep_alive = true;
};

// `text` is what HeadScanner found complete. Fills `head` as far as it gets; the fields are there
// when the refusal is about one of them.
std::optional<WireRefusal> parse_head(std::string_view text, Head& head);

}  // namespace coupon::http
