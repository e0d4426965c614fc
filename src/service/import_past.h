// What an imported code went through where it comes from: whose it is, its uses, which become
// redemptions, and that it cannot be used any more. Inside a job's slice.
#pragma once

#include <string>

#include "coupond/domain/job.h"
#include "coupond/service/coupons.h"
#include "coupond/service/engine.h"
#include "src/service/import_lines.h"

namespace coupon::service {

// Why the code was stored void although the line does not say so: its uses cannot be recorded in
// this campaign, or it cannot be given to its owner, and must not go to anybody else. Empty when
// all is as the line says. An owner whom nobody knows becomes a customer without a password.
core::Result<std::string> keep_past(store::Tx& tx, Engine& engine, const domain::Job& job,
                                    const domain::CodeHash& code, const ImportLine& line);

}  // namespace coupon::service
