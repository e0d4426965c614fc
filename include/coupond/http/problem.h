// The one error body: RFC 9457 application/problem+json with `type`, `title`, `status`, `detail`,
// plus `code` (stable, snake_case), `request_id`, and the sentence again under `error` and
// `message`, where clients of the five services look for it. Pure functions.
#pragma once

#include "coupond/core/error.h"
#include "coupond/http/reply.h"
#include "coupond/http/request.h"

namespace coupon::http {

// The status of a kind of refusal where an endpoint declares no other.
int default_status(core::Kind kind);

// The reply to `request` for `error`, with default_status() or the status given. Adds `errors` (bad
// fields), `retry_at` and `number` where the error has them; Retry-After for errors that pass with
// time, and WWW-Authenticate: Bearer on 401. An error without a message gets its reason's sentence.
Reply problem_reply(const Request& request, const core::Error& error);
Reply problem_reply(const Request& request, const core::Error& error, int status);

// The same for refusals that only HTTP knows (404, 405, 411, 413, 414, 415, 431 and so on): `code`
// is the stable name and `detail` the sentence.
Reply problem_reply(std::string_view request_id, int status, std::string_view code,
                    std::string_view detail);

}  // namespace coupon::http
