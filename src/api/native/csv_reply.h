// A reply of comma-separated values that is made while it is sent.
#pragma once

#include <functional>
#include <stdexcept>
#include <string>
#include <utility>

#include "coupond/core/result.h"
#include "coupond/http/reply.h"

namespace coupon::api {

// `header` is the first line, with its end; `next` gives the next lines, and an empty text at the
// end. `name`: of the file, without ".csv".
inline http::Reply csv_reply(const std::string& name, std::string header,
                             std::function<core::Result<std::string>()> next) {
  http::Reply reply;
  reply.content_type = "text/csv; charset=utf-8";
  reply.headers.emplace_back("Content-Disposition", "attachment; filename=\"" + name + ".csv\"");
  reply.stream = [header = std::move(header), next = std::move(next)](std::string& chunk) mutable {
    chunk = std::exchange(header, {});
    if (!chunk.empty()) return true;
    auto lines = next();
    // Cut the connection: nobody shall take what was sent for all.
    if (!lines.ok()) throw std::runtime_error("the export cannot go on");
    chunk = *std::move(lines);
    return !chunk.empty();
  };
  return reply;
}

}  // namespace coupon::api
