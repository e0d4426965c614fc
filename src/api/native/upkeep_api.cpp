// /api/v1/upkeep, /backup and /verify: what an owner does now and then from a browser.
#include "src/api/native/upkeep_api.h"

#include "coupond/core/time_text.h"
#include "src/api/words.h"

namespace coupon::api {
namespace {

struct LastBackup {
  core::UnixMs at = {};
  core::Seq seq = {};
  std::int64_t bytes = 0;
  bool with_key = false;
  static http::Object<LastBackup> shape() {
    using B = LastBackup;
    return {
        "LastBackup",
        "The last backup that was made, by whatever way.",
        {timestamp("at", &B::at, "When."), integer("seq", &B::seq, "The last ledger entry in it."),
         integer("bytes", &B::bytes, "How large it is."),
         boolean("with_key", &B::with_key, "Whether it holds secret.key.")}};
  }
};

struct LastVerify {
  core::UnixMs at = {};
  std::int64_t entries = 0;
  std::string divergence = {};
  static http::Object<LastVerify> shape() {
    using V = LastVerify;
    return {"LastVerification",
            "The last time everything was derived from the ledger and compared.",
            {timestamp("at", &V::at, "When."),
             integer("entries", &V::entries, "Entries of the ledger."),
             text("divergence", &V::divergence, "The first thing found wrong; empty: nothing.",
                  {.max = 4096})}};
  }
};

struct KeyKept {
  core::UnixMs at = {};
  bool in_backup = false;
  static http::Object<KeyKept> shape() {
    return {"KeyKept",
            "A copy of secret.key outside the data directory.",
            {timestamp("at", &KeyKept::at, "Since when."),
             boolean("in_backup", &KeyKept::in_backup,
                     "In a backup that holds it; else in a place that the owner has confirmed.")}};
  }
};

struct UpkeepReply {
  std::optional<LastBackup> last_backup = {};
  std::optional<KeyKept> key_kept = {};
  std::optional<LastVerify> last_verify = {};
  std::string running = {};
  std::int64_t done = 0, total = 0;
  static http::Object<UpkeepReply> shape() {
    using U = UpkeepReply;
    return {"Upkeep",
            "Backups and verifications.",
            {object("last_backup", &U::last_backup, "Null: none is known of."),
             object("key_kept", &U::key_kept, "Null: only the data directory has the key."),
             object("last_verify", &U::last_verify, "Null: none is known of."),
             text("running", &U::running, "backup, verify, or empty: nothing is under way."),
             integer("done", &U::done, "How far that is."),
             integer("total", &U::total, "Of how much; 0: not known yet.")}};
  }
};

struct BackupInput {
  bool with_key = false;
  static http::Object<BackupInput> shape() {
    return {"BackupRequest",
            "What the backup holds.",
            {boolean("with_key", &BackupInput::with_key,
                     "Puts secret.key into it: then whoever has the file can read every code.")
                 .optional()}};
  }
};

struct VerifyReply {
  bool ok = true;
  std::string divergence = {};
  std::int64_t entries = 0, campaigns = 0, users = 0, coupons = 0, holds = 0, redemptions = 0;
  static http::Object<VerifyReply> shape() {
    using V = VerifyReply;
    return {"Verification",
            "What the audit found. The figures are complete only where all agrees.",
            {boolean("ok", &V::ok, "Whether all agrees."),
             text("divergence", &V::divergence, "The first thing that does not.", {.max = 4096}),
             integer("entries", &V::entries, "Entries of the ledger."),
             integer("campaigns", &V::campaigns, "Campaigns."),
             integer("users", &V::users, "Accounts."), integer("coupons", &V::coupons, "Coupons."),
             integer("holds", &V::holds, "Holds."),
             integer("redemptions", &V::redemptions, "Redemptions.")}};
  }
};

Result<UpkeepReply> show(Call& call, const service::Upkeep& upkeep) {
  UpkeepReply reply;
  if (const auto note = store::last_backup(call.engine.paths())) {
    reply.last_backup = {note->at, note->seq, note->bytes, note->with_key};
  }
  if (const auto note = store::key_kept(call.engine.paths())) {
    reply.key_kept = {note->at, note->in_backup};
  }
  if (const auto note = store::last_verify(call.engine.paths())) {
    reply.last_verify = {note->at, note->entries, note->divergence};
  }
  const auto now = upkeep.progress();
  reply.running = now.work;
  reply.done = now.done;
  reply.total = now.total;
  return reply;
}

Result<http::Reply> back_up(Call& call, service::Upkeep& upkeep, const BackupInput& in) {
  // The key opens every code and signs for us: a program's key must not reach it.
  if (in.with_key && call.caller.kind == service::Caller::Kind::kApiKey) {
    return core::Error{.reason = Reason::kForbidden,
                       .message = "an API key may not take secret.key along: log in for that"};
  }
  auto made = upkeep.back_up(in.with_key);
  if (!made.ok()) return made.error();
  const std::string day = core::to_rfc3339(call.now()).substr(0, 10);
  http::Reply reply;
  reply.content_type = "application/octet-stream";
  reply.headers.emplace_back("Content-Disposition",
                             "attachment; filename=\"coupond-" + day + ".backup\"");
  reply.stream = [backup = *std::move(made)](std::string& piece) { return backup->next(piece); };
  return reply;
}

Result<VerifyReply> verify(service::Upkeep& upkeep) {
  const auto report = upkeep.verify();
  if (!report.ok()) return report.error();
  return VerifyReply{.ok = report->ok(),
                     .divergence = report->first_divergence.value_or(""),
                     .entries = report->entries,
                     .campaigns = report->campaigns,
                     .users = report->users,
                     .coupons = report->coupons,
                     .holds = report->holds,
                     .redemptions = report->redemptions};
}

}  // namespace

void add_upkeep_endpoints(Endpoints& v1, service::Upkeep& upkeep) {
  v1.add({.route = "GET /api/v1/upkeep",
          .id = "getUpkeep",
          .summary = "Last backup, last verification, and what is under way",
          .auth = Auth::kStaff,
          .scope = "read"},
         [&upkeep](Call& call) { return show(call, upkeep); });
  v1.add({.route = "POST /api/v1/backup",
          .id = "makeBackup",
          .summary = "The whole database, as a file",
          .doc = "Made and verified while the server goes on, then sent; one at a time. "
                 "`coupond restore` takes it. Without the key no code in it can be read.",
          .auth = Auth::kAdmin,
          .scope = "admin",
          .answers = {{.status = 200,
                       .doc = "The backup.",
                       .content_type = "application/octet-stream"}},
          .keyed = false},
         [&upkeep](Call& call, const BackupInput& in) { return back_up(call, upkeep, in); });
  v1.add({.route = "POST /api/v1/upkeep/key-kept",
          .id = "confirmKeyKept",
          .summary = "Say that secret.key is kept elsewhere, too",
          .doc = "By the owner, who has copied it; a backup that holds it says so by itself. A "
                 "copy elsewhere (`--copy`) holds no key.",
          .auth = Auth::kAdmin,
          .keyed = false},
         [&upkeep](Call& call) {
           store::note_key_kept(call.engine.paths(), {.at = call.now()});
           return show(call, upkeep);
         });
  v1.add({.route = "POST /api/v1/verify",
          .id = "verifyLedger",
          .summary = "Derive everything from the ledger and compare",
          .doc = "Reads the whole database, about a million entries in 10 s; one at a time. A "
                 "divergence is an answer, not an error.",
          .auth = Auth::kAdmin,
          .scope = "admin",
          .keyed = false},
         [&upkeep](Call&) -> Result<VerifyReply> { return verify(upkeep); });
}

}  // namespace coupon::api
