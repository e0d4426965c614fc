#include "src/api/services/book/book_upload.h"

#include <nlohmann/json.hpp>
#include <optional>
#include <utility>

#include "coupond/http/json.h"
#include "src/api/services/shared.h"

namespace coupon::api {
namespace {

// Takes the two fields while nlohmann's parser reads, and passes over all others.
class UploadReader {
 public:
  bool null() { return scalar("must be a string"); }
  bool boolean(bool) { return scalar("must be a string"); }
  bool number_integer(std::int64_t value) { return number(std::to_string(value)); }
  bool number_unsigned(std::uint64_t value) { return number(std::to_string(value)); }
  bool number_float(double, const std::string&) { return scalar("must be a string"); }
  bool binary(nlohmann::json::binary_t&) { return false; }  // only binary formats have these

  bool string(std::string& value) {
    if (in_codes()) {
      upload_.codes.add(trimmed(value));
    } else if (at_field("couponBookId")) {
      upload_.book = value;
    } else {
      return scalar("must be an array of strings");
    }
    return true;
  }
  bool key(std::string& name) {
    if (depth_ != 1) return true;
    field_ = std::move(name);
    const bool again = field_ == "codes" ? std::exchange(has_codes_, true)
                                         : field_ == "couponBookId" && !upload_.book.empty();
    return !again || stop(core::wrong_field(field_, "is given twice"));
  }
  bool start_object(std::size_t) {
    if (depth_ == 1 && (field_ == "codes" || field_ == "couponBookId")) return wrong_type();
    return in_codes() ? stop(core::wrong_field("codes", "must be an array of strings"))
                      : open(true);
  }
  bool start_array(std::size_t) {
    if (depth_ == 0) return stop(not_an_object());
    if (at_field("couponBookId")) return wrong_type();
    return in_codes() ? stop(core::wrong_field("codes", "must be an array of strings"))
                      : open(false);
  }
  bool end_object() { return close(); }
  bool end_array() { return close(); }
  bool parse_error(std::size_t position, const std::string&, const nlohmann::detail::exception&) {
    return stop(
        {.reason = Reason::kInvalidJson,
         .message = "The body is not valid JSON (at byte " + std::to_string(position) + ")"});
  }

  core::Result<BookUpload> result(bool complete) {
    if (!complete) return *std::move(problem_);
    if (upload_.book.empty()) return core::wrong_field("couponBookId", "should not be empty");
    if (upload_.codes.size() == 0) return core::wrong_field("codes", "should not be empty");
    return std::move(upload_);
  }

 private:
  static core::Error not_an_object() {
    return {.reason = Reason::kInvalidRequest, .message = "The body must be a JSON object"};
  }
  bool at_field(std::string_view name) const { return depth_ == 1 && field_ == name; }
  bool in_codes() const { return depth_ == 2 && is_list_ && field_ == "codes"; }

  bool stop(core::Error problem) {
    problem_ = std::move(problem);
    return false;
  }
  bool wrong_type() {
    return stop(
        core::wrong_field(field_, field_ == "codes" ? "must be an array" : "must be a string"));
  }
  // A value that is neither field's, or passed over.
  bool scalar(const char* problem) {
    if (depth_ == 0) return stop(not_an_object());
    if (in_codes()) {
      return stop(
          core::wrong_field("codes[" + std::to_string(upload_.codes.size()) + "]", problem));
    }
    return at_field("codes") || at_field("couponBookId") ? wrong_type() : true;
  }
  bool number(std::string digits) {
    return in_codes() || at_field("couponBookId") ? string(digits) : scalar("");
  }
  bool open(bool is_object) {
    constexpr int kDepthMax = 16;
    if (depth_ == kDepthMax) {
      return stop({.reason = Reason::kInvalidJson, .message = "The body is nested too deeply"});
    }
    ++depth_;
    if (depth_ == 2) is_list_ = !is_object;
    return true;
  }
  bool close() {
    --depth_;
    return true;
  }

  BookUpload upload_;
  std::optional<core::Error> problem_;
  std::string field_;     // of the outer object
  int depth_ = 0;         // objects and arrays that are open
  bool is_list_ = false;  // the one at depth 2
  bool has_codes_ = false;
};

}  // namespace

core::Result<BookUpload> read_book_upload(std::string_view body) {
  // nlohmann's lexer takes a NUL byte for the end of the text and would not see what follows.
  if (body.find('\0') != std::string_view::npos) {
    return core::Error{.reason = Reason::kInvalidJson, .message = "The body has a NUL character"};
  }
  if (trimmed(body).empty()) return core::wrong_field("couponBookId", "should not be empty");
  UploadReader reader;
  const bool complete = nlohmann::json::sax_parse(body.begin(), body.end(), &reader);
  return reader.result(complete);
}

}  // namespace coupon::api
