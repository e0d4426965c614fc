#include "src/api/native/document_api.h"

#include <memory>
#include <mutex>

#include "coupond/http/openapi.h"
#include "coupond_version.h"
#include "src/api/words.h"
#include "src/web/assets.h"

namespace coupon::api {
namespace {

using http::Answer;
using http::Reply;

constexpr char kAbout[] =
    "Coupons of five kinds from one server: signed tokens, pools of codes, shared codes, card "
    "codes "
    "and claims. The native API is under /api/v1; the five services beside it are for clients that "
    "exist already.";

class LazyDocument {
 public:
  explicit LazyDocument(const http::Api& api) : api_(api) {}

  std::shared_ptr<const std::string> text() {
    std::call_once(once_,
                   [this] { text_ = std::make_shared<const std::string>(document_of(api_)); });
    return text_;
  }

 private:
  const http::Api& api_;
  std::once_flag once_;
  std::shared_ptr<const std::string> text_;
};

auto page(const char* name) {
  return [name](Call&) -> Result<Reply> {
    return http::text_reply(200, std::string(web::asset(name)), http::kHtml);
  };
}

}  // namespace

void add_document_endpoints(Endpoints& system, const http::Api& api) {
  system.add({.route = "GET /openapi.json",
              .id = "getOpenapi",
              .summary = "This document",
              .auth = Auth::kNone,
              .aliases = {"GET /swagger.json"},
              .answers = {Answer{.doc = "OpenAPI 3.1.", .content_type = "application/json"}}},
             [document = std::make_shared<LazyDocument>(api)](Call&) -> Result<Reply> {
               return Reply{.content_type = std::string(http::kJson),
                            .body = {},
                            .shared_body = document->text()};
             });
  system.add({.route = "GET /docs",
              .id = "getDocs",
              .summary = "This document as a page",
              .auth = Auth::kNone,
              .aliases = {"GET /api-docs", "GET /redoc"},
              .answers = {Answer{.doc = "The page.", .content_type = "text/html"}}},
             page("docs.html"));
  system.add({.route = "GET /setup",
              .id = "getSetupPage",
              .summary = "The page behind the set-up link",
              .doc = "The link's token follows the #, which a browser does not send.",
              .auth = Auth::kNone,
              .answers = {Answer{.doc = "The page.", .content_type = "text/html"}}},
             page("setup.html"));
}

std::string document_of(const http::Api& api, int indent) {
  return http::openapi_document(
      api, {.title = "coupond", .version = std::string(kVersion), .doc = kAbout}, indent);
}

}  // namespace coupon::api
