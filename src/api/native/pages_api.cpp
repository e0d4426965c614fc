#include "src/api/native/pages_api.h"

#include <algorithm>
#include <array>

#include "coupond/core/hash.h"
#include "src/api/native/campaign_shapes.h"
#include "src/api/native/coupon_requests.h"
#include "src/api/native/naming.h"
#include "src/api/print/qr.h"
#include "src/api/words.h"
#include "src/web/assets.h"

namespace coupon::api {
namespace {

constexpr std::string_view kScript = "text/javascript; charset=utf-8";
constexpr std::string_view kStyle = "text/css; charset=utf-8";

struct File {
  const char* path;
  const char* name;  // in src/web
  std::string_view type;
};

// Every page is one shell, whose script shows what belongs to the path.
constexpr std::array kFiles{
    File{"/login", "page.html", http::kHtml},
    File{"/till", "page.html", http::kHtml},
    File{"/ui", "page.html", http::kHtml},
    File{"/c", "page.html", http::kHtml},
    File{"/icon.svg", "icon.svg", "image/svg+xml"},
    File{"/docs.css", "docs.css", kStyle},
    File{"/page.css", "page.css", kStyle},
    File{"/docs.js", "docs.js", kScript},
    File{"/setup.js", "setup.js", kScript},
    File{"/app.js", "app.js", kScript},
    File{"/h.js", "h.js", kScript},
    File{"/api.js", "api.js", kScript},
    File{"/view.js", "view.js", kScript},
    File{"/en.js", "en.js", kScript},
    File{"/de.js", "de.js", kScript},
    File{"/en-owner.js", "en-owner.js", kScript},
    File{"/de-owner.js", "de-owner.js", kScript},
    File{"/en-cards.js", "en-cards.js", kScript},
    File{"/de-cards.js", "de-cards.js", kScript},
    File{"/login.js", "login.js", kScript},
    File{"/till.js", "till.js", kScript},
    File{"/scan.js", "scan.js", kScript},
    File{"/amount.js", "amount.js", kScript},
    File{"/customers.js", "customers.js", kScript},
    File{"/enrol.js", "enrol.js", kScript},
    File{"/tills.js", "tills.js", kScript},
    File{"/hand.js", "hand.js", kScript},
    File{"/sound.js", "sound.js", kScript},
    File{"/camera.js", "camera.js", kScript},
    File{"/owner.js", "owner.js", kScript},
    File{"/today.js", "today.js", kScript},
    File{"/campaigns.js", "campaigns.js", kScript},
    File{"/import.js", "import.js", kScript},
    File{"/bulk.js", "bulk.js", kScript},
    File{"/story.js", "story.js", kScript},
    File{"/jobs.js", "jobs.js", kScript},
    File{"/print.js", "print.js", kScript},
    File{"/find.js", "find.js", kScript},
    File{"/people.js", "people.js", kScript},
    File{"/backup.js", "backup.js", kScript},
    File{"/customer.js", "customer.js", kScript},
};

bool names(std::optional<std::string_view> header, std::string_view word) {
  return header && header->find(word) != std::string_view::npos;
}

std::string tag_of(std::string_view text) {
  constexpr std::size_t kTagBytes = 12;
  return core::to_hex(core::ByteView(core::hash_of(text)).first(kTagBytes));
}

// `tag` is of the content; each form of it has its own.
http::Reply file_reply(const http::Request& request, const File& file, const std::string& tag) {
  const web::Asset asset = web::packed_asset(file.name);
  const bool packed = names(request.header("Accept-Encoding"), "gzip");
  const std::string etag = "\"" + tag + (packed ? "-gz\"" : "\"");
  http::Reply reply = http::text_reply(200, {}, file.type);
  reply.keepable = true;
  if (names(request.header("If-None-Match"), etag)) {
    reply.status = 304;
  } else {
    reply.body = packed ? core::as_text(asset.gzipped) : asset.text;
    if (packed) reply.headers.emplace_back("Content-Encoding", "gzip");
  }
  reply.headers.emplace_back("ETag", etag);
  reply.headers.emplace_back("Vary", "Accept-Encoding");
  return reply;
}

struct QrInput {
  std::vector<std::string> texts;
  static http::Object<QrInput> shape() {
    return {"QrRequest",
            "What the codes say.",
            {http::list("texts", &QrInput::texts, "The texts.", {.min = 1, .max = 64},
                        http::Text{.min = 1, .max = 256})}};
  }
};

struct QrShape {
  std::int64_t size = 0;
  std::string path;
  static http::Object<QrShape> shape() {
    return {"QrCode",
            "A QR code, level Q, as the path of an SVG.",
            {http::integer("size", &QrShape::size, "Modules a side, without the margin of four."),
             http::text("path", &QrShape::path, "Its dark modules, one unit each.")}};
  }
};

struct QrReply {
  std::vector<QrShape> items;
  static http::Object<QrReply> shape() {
    return {"QrCodes",
            "The codes, in the order of the texts.",
            {http::list("items", &QrReply::items, "The codes.")}};
  }
};

struct CardReply {
  std::string name;
  RewardShape reward;
  std::optional<std::int64_t> uses_left = {}, balance = {};
  std::optional<std::string> currency = {};
  std::optional<core::UnixMs> expires_at = {};
  static http::Object<CardReply> shape() {
    using C = CardReply;
    return {"BearerCard",
            "What a card is good for, as its holder may know.",
            {http::text("name", &C::name, "Its campaign's name."),
             http::object("reward", &C::reward, "What it gives."),
             http::integer("uses_left", &C::uses_left, "Uses it has left; null: no limit."),
             http::integer("balance", &C::balance,
                           "What is left on it, in minor units; null: it has no balance."),
             http::text("currency", &C::currency, "Of its balance, where the campaign says."),
             http::timestamp("expires_at", &C::expires_at, "Worthless from this instant on.")}};
  }
};

std::optional<core::UnixMs> earlier(std::optional<core::UnixMs> a, std::optional<core::UnixMs> b) {
  if (!a || !b) return a ? a : b;
  return std::min(*a, *b);
}

// Whoever has the code of a card may know what it is worth; of a code that somebody owns, that
// cannot be used or that does not exist, all learn the same: nothing.
Result<CardReply> look(Call& call, const CodeName& in) {
  const auto code = code_hash(call, in.code);
  if (!code.ok()) return code.error();
  return call.read([&](store::Connection& db) -> Result<CardReply> {
    const auto view = service::view_coupon(db, *code, call.now());
    if (!view.ok()) return Reason::kUnknownCode;
    if (!domain::traits(view->campaign.mode).bearer) return Reason::kUnknownCode;
    const domain::Coupon& coupon = view->coupon;
    const auto rules = service::explain_redeem(db, *view, core::UserId{}, call.now());
    if (domain::first_refusal(rules)) return Reason::kUnknownCode;
    CardReply reply{.name = view->campaign.name,
                    .reward = {.kind = view->campaign.policy.reward.kind,
                               .value = view->campaign.policy.reward.value},
                    .expires_at = earlier(coupon.expires_at, view->campaign.policy.ends_at)};
    if (coupon.funds) reply.balance = coupon.funds->balance;
    reply.currency = view->campaign.policy.currency;
    if (coupon.max_uses) reply.uses_left = *coupon.max_uses - coupon.uses;
    return reply;
  });
}

Result<QrReply> make_qr(Call&, const QrInput& in) {
  QrReply reply;
  for (const std::string& text : in.texts) {
    const QrCode code = qr_of(text);
    reply.items.push_back({.size = code.size, .path = svg_path(code)});
  }
  return reply;
}

}  // namespace

void add_pages(http::Router& router) {
  for (const File& file : kFiles) {
    router.add("GET", file.path,
               [file, tag = tag_of(web::asset(file.name))](http::Request& request) {
                 return file_reply(request, file, tag);
               });
  }
}

bool wants_front_page(const http::Request& request) {
  const bool reads = request.method == "GET" || request.method == "HEAD";
  return reads && request.segments.empty() && names(request.header("Accept"), "text/html");
}

http::Reply front_page(const http::Request& request) {
  static const std::string tag = tag_of(web::asset("page.html"));
  http::Reply reply = file_reply(request, {"/", "page.html", http::kHtml}, tag);
  reply.headers.emplace_back("Vary", "Accept");
  return reply;
}

void add_page_endpoints(Endpoints& v1) {
  v1.add({.route = "POST /api/v1/qr",
          .id = "makeQr",
          .summary = "QR codes as SVG paths",
          .doc = "For printing and showing codes; the texts are neither kept nor logged. A text "
                 "without dashes and small letters makes the smallest code.",
          .keyed = false},
         make_qr);
  v1.add({.route = "POST /api/v1/card",
          .id = "lookAtCard",
          .summary = "What a card is worth, for whoever holds it",
          .doc = "For the customer's page. The code comes in the body, so that no log has it. "
                 "Whatever is not right has one answer.",
          .refusals = {{404, Reason::kUnknownCode}},
          .keyed = false,
          .rate = kCodesRate},
         look);
}

}  // namespace coupon::api
