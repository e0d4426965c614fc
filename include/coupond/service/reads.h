// Reads that need no decision: values straight from a snapshot of the database. The API reads
// through here, so that what it relies on of the store is written down in one place. Each takes the
// connection of a read (Readers::read()) and is documented where it is made.
#pragma once

#include "coupond/store/api_keys.h"
#include "coupond/store/campaigns.h"
#include "coupond/store/coupons.h"
#include "coupond/store/jobs.h"
#include "coupond/store/ledger.h"
#include "coupond/store/redemptions.h"
#include "coupond/store/users.h"

namespace coupon::service {

// store/campaigns.h
using store::CampaignFilter;
using store::count_campaigns;
using store::find_campaign;
using store::find_campaign_by_slug;
using store::list_campaigns;

// store/coupons.h
using store::code_exists;
using store::count_coupons;
using store::count_live_holds;
using store::coupons_ending_in;
using store::find_coupon;
using store::find_holds;
using store::list_claims_of_user;
using store::list_coupons;
using store::list_coupons_newest_first;
using store::list_coupons_of_user;

// store/redemptions.h
using store::find_redemption;
using store::list_redemptions;
using store::RedemptionFilter;
using store::redemptions_of_coupon;

// store/users.h, store/api_keys.h
using store::ApiKey;
using store::count_users;
using store::find_user;
using store::find_user_by_uuid;
using store::list_api_keys;
using store::list_users;
using store::UserFilter;

// store/jobs.h
using store::list_job_errors;
using store::list_jobs;

// store/ledger.h
using store::last_entry;
using store::ledger_after;
using store::ledger_of_coupon;
using store::LedgerHead;
using store::LedgerRow;
using store::signed_message;

}  // namespace coupon::service
