// What an imported code went through where it comes from: its uses become redemptions for nobody's
// account, and what cannot be used any more stays so. Inside a job's slice.
#pragma once

#include <string>

#include "coupond/domain/job.h"
#include "coupond/service/coupons.h"
#include "src/service/import_lines.h"

namespace coupon::service {

// Why the code was stored void although it was only used in part: its uses cannot be recorded in
// this campaign. Empty when all is as the line says.
core::Result<std::string> keep_past(store::Tx& tx, const domain::Job& job,
                                    const domain::CodeHash& code, const ImportLine& line);

}  // namespace coupon::service
