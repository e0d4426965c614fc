// The pages a shop owner, a till and a customer use in a browser, as files of src/web; and what
// they need of the server beside the API: QR codes. Files are no part of the API.
#pragma once

#include "coupond/http/router.h"
#include "src/api/gate/gate.h"

namespace coupon::api {

// GET of every page ("/till") and of every script and style sheet ("/till.js"), compressed where
// the browser takes it, with an ETag.
void add_pages(http::Router& router);

// Whether a browser asks for "/": programs, which do not ask for text/html, get the JSON of the
// book service there.
bool wants_front_page(const http::Request& request);
http::Reply front_page(const http::Request& request);

// POST /api/v1/qr and /api/v1/card.
void add_page_endpoints(Endpoints& v1);

}  // namespace coupon::api
