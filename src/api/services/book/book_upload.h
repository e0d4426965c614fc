// The body of an upload of codes, {"couponBookId": "x", "codes": ["A", "B"]}: up to 50 MB, read as
// a stream, because as one JSON value it would take five times the memory. Pure: safe on any
// thread.
#pragma once

#include <string>
#include <string_view>

#include "coupond/core/result.h"
#include "coupond/service/upload.h"

namespace coupon::api {

struct BookUpload {
  std::string book;
  service::CodeList codes;  // without blanks around them
};

// kInvalidJson, or kInvalidRequest which names the field that is missing or wrong.
core::Result<BookUpload> read_book_upload(std::string_view body);

}  // namespace coupon::api
