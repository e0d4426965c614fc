// /api/v1/campaigns: make, list, read, change, archive.

#include "coupond/core/ids.h"
#include "coupond/service/campaigns.h"
#include "coupond/service/reads.h"
#include "src/api/gate/cursor.h"
#include "src/api/native/campaign_shapes.h"
#include "src/api/native/fields.h"
#include "src/api/native/naming.h"
#include "src/api/native/native.h"
#include "src/api/words.h"

namespace coupon::api {
namespace {

struct CampaignQuery {
  std::optional<domain::Mode> mode;
  bool archived = false;
  PageQuery page;
  static http::Object<CampaignQuery> shape() {
    return {"CampaignQuery",
            "Which campaigns.",
            {
                choice("mode", &CampaignQuery::mode, "Only of this mode.", mode_choices()),
                boolean("archived", &CampaignQuery::archived, "Archived ones too.").optional(),
                http::include(&CampaignQuery::page),
            }};
  }
};

// Right after its change a campaign's live holds have not been counted on the writer's thread: a
// change does not alter them, so they are counted before.
CampaignReply written_reply(const service::CampaignWritten& written, std::int64_t held) {
  CampaignReply reply = campaign_reply(written.campaign, held, written.seq);
  reply.seq = written.seq;
  return reply;
}

Result<std::int64_t> live_holds(Call& call, core::CampaignId id) {
  return call.read([&](store::Connection& db) -> Result<std::int64_t> {
    return service::count_live_holds(db, id, call.now());
  });
}

Result<CampaignReply> create_campaign(Call& call, const NewCampaign& in) {
  const domain::Campaign campaign = new_campaign(in, core::uuid4(call.engine.random()));
  return call.write(
      "campaign.create",
      [&](store::Tx& tx) { return service::create_campaign(tx, call.caller, campaign); },
      [](const service::CampaignWritten& written) { return written_reply(written, 0); });
}

Result<Page<CampaignReply>> list_campaigns(Call& call, const CampaignQuery& in) {
  const auto after = id_of_cursor(in.page.cursor);
  if (!after.ok()) return after.error();
  return call.read_list([&](store::Connection& db) -> Result<Page<CampaignReply>> {
    const auto campaigns = service::list_campaigns(
        db,
        {.mode = in.mode, .archived = in.archived, .after = {*after}, .limit = in.page.limit + 1});
    const core::Seq as_of = service::last_entry(db).seq;
    Page<CampaignReply> page;
    for (const domain::Campaign& campaign : campaigns) {
      if (static_cast<std::int64_t>(page.items.size()) == in.page.limit) {
        page.next_cursor = cursor_after(page.items.back().id.value);
        break;
      }
      page.items.push_back(
          campaign_reply(campaign, service::count_live_holds(db, campaign.id, call.now()), as_of));
    }
    return page;
  });
}

Result<CampaignReply> read_one_campaign(Call& call, const CampaignName& in) {
  return call.read([&](store::Connection& db) -> Result<CampaignReply> {
    const auto campaign = service::find_campaign(db, in.campaign);
    if (!campaign.ok()) return campaign.error();
    return campaign_reply(*campaign, service::count_live_holds(db, campaign->id, call.now()),
                          service::last_entry(db).seq);
  });
}

// What a change means for codes that are out already, which is not the same for all.
std::optional<std::string> said_of_codes_out(const domain::Policy& before,
                                             const domain::Policy& after) {
  std::string text;
  const auto say = [&](bool changed, const char* sentence) {
    if (changed) text.append(text.empty() ? "" : " ").append(sentence);
  };
  say(before.starts_at != after.starts_at || before.ends_at != after.ends_at ||
          before.active != after.active,
      "starts_at, ends_at and active hold for codes that are out, from now on.");
  say(before.max_redemptions_per_coupon != after.max_redemptions_per_coupon,
      "max_redemptions_per_coupon is that of every code now; used-up codes with uses left are good "
      "again.");
  say(before.token_ttl_s != after.token_ttl_s,
      "token_ttl_s is for codes made from now on; change expires_at of those that are out.");
  say(before.value != after.value,
      "value is for codes made from now on; top up those that are out.");
  if (text.empty()) return std::nullopt;
  return text;
}

// What the writer would have to read all of the campaign for; nothing where no cap a user is
// lowered.
Result<std::optional<service::MostHad>> look_at_user_caps(Call& call,
                                                          const domain::Campaign& campaign,
                                                          const CampaignPatch& in) {
  using Had = std::optional<service::MostHad>;
  domain::Campaign after = campaign;
  apply(in, after);
  if (!service::lowers_user_cap(campaign.policy, after.policy)) return Had();
  return call.read_list([&](store::Connection& db) -> Result<Had> {
    return Had(service::most_had(db, campaign.id));
  });
}

Result<CampaignReply> change(Call& call, const CampaignPatch& in) {
  const auto campaign = campaign_named(call, in.campaign);
  if (!campaign.ok()) return campaign.error();
  const auto held = live_holds(call, campaign->id);
  if (!held.ok()) return held.error();
  const auto had = look_at_user_caps(call, *campaign, in);
  if (!had.ok()) return had.error();
  const auto change = [&](domain::Campaign& target) { apply(in, target); };
  return call.write(
      "campaign.update",
      [&](store::Tx& tx) {
        return service::change_campaign(tx, call.caller, campaign->id, change,
                                        service::Codes::kFollow, *had);
      },
      [held = *held, &campaign](const service::CampaignWritten& written) {
        CampaignReply reply = written_reply(written, held);
        if (written.campaign.counters.issued > 0) {
          reply.codes_out = said_of_codes_out(campaign->policy, written.campaign.policy);
        }
        return reply;
      });
}

Result<CampaignReply> archive(Call& call, const CampaignName& in) {
  const auto campaign = campaign_named(call, in.campaign);
  if (!campaign.ok()) return campaign.error();
  const auto held = live_holds(call, campaign->id);
  if (!held.ok()) return held.error();
  return call.write(
      "campaign.archive",
      [&](store::Tx& tx) { return service::archive_campaign(tx, call.caller, campaign->id); },
      [held = *held](const auto& written) { return written_reply(written, held); });
}

Result<CampaignReply> unarchive(Call& call, const CampaignName& in) {
  const auto campaign = campaign_named(call, in.campaign);
  if (!campaign.ok()) return campaign.error();
  const auto held = live_holds(call, campaign->id);
  if (!held.ok()) return held.error();
  return call.write(
      "campaign.unarchive",
      [&](store::Tx& tx) { return service::unarchive_campaign(tx, call.caller, campaign->id); },
      [held = *held](const auto& written) { return written_reply(written, held); });
}

}  // namespace

void add_campaign_endpoints(Endpoints& v1) {
  v1.add({.route = "POST /api/v1/campaigns",
          .id = "createCampaign",
          .summary = "Make a campaign",
          .auth = Auth::kAdmin,
          .scope = "admin",
          .success = 201,
          .refusals = {{409, Reason::kSlugTaken}}},
         create_campaign);
  v1.add({.route = "GET /api/v1/campaigns",
          .id = "listCampaigns",
          .summary = "List campaigns",
          .auth = Auth::kStaff,
          .scope = "read",
          .refusals = {{400, Reason::kInvalidCursor}}},
         list_campaigns);
  v1.add({.route = "GET /api/v1/campaigns/{campaign}",
          .id = "getCampaign",
          .summary = "Read a campaign with exact counters",
          .auth = Auth::kStaff,
          .scope = "read",
          .refusals = {{404, Reason::kUnknownCampaign}}},
         read_one_campaign);
  v1.add({.route = "PATCH /api/v1/campaigns/{campaign}",
          .id = "changeCampaign",
          .summary = "Change a campaign",
          .doc = "A cap cannot be lowered below what is used; the refusal says the number.",
          .auth = Auth::kAdmin,
          .scope = "admin",
          .refusals = {{404, Reason::kUnknownCampaign},
                       {409, Reason::kSlugTaken},
                       {409, Reason::kCapBelowUsed},
                       {409, Reason::kTooManyCodes},
                       {409, Reason::kArchived}}},
         change);
  v1.add({.route = "DELETE /api/v1/campaigns/{campaign}",
          .id = "archiveCampaign",
          .summary = "Archive a campaign",
          .doc = "Nothing is deleted: its coupons and redemptions stay on record, and none can be "
                 "issued, held or redeemed any more.",
          .auth = Auth::kAdmin,
          .scope = "admin",
          .refusals = {{404, Reason::kUnknownCampaign}, {409, Reason::kArchived}}},
         archive);
  v1.add({.route = "POST /api/v1/campaigns/{campaign}/unarchive",
          .id = "unarchiveCampaign",
          .summary = "Take a campaign out of the archive",
          .doc = "It is as it was: its codes can be issued, held and redeemed again.",
          .auth = Auth::kAdmin,
          .scope = "admin",
          .refusals = {{404, Reason::kUnknownCampaign},
                       {409, Reason::kNotArchived},
                       {409, Reason::kSlugTaken}}},
         unarchive);
}

}  // namespace coupon::api
