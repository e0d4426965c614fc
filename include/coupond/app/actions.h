// Actions: what the command line does to a data directory, by name, with JSON in and out. The same
// function serves a command that owns the directory and one that asks the server which does
// (desk.h), so both do exactly the same. Any thread.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>
#include <string_view>

#include "coupond/core/result.h"
#include "coupond/http/json.h"
#include "coupond/service/engine.h"

namespace coupon::app {

using http::Json;

// Runs the action. kInvalidRequest for an unknown one or a missing input; otherwise what the
// services it calls refuse. The caller is the command line, which may do everything.
core::Result<Json> perform(service::Engine& engine, std::string_view action, const Json& in);

// An error as one line for a person: its sentence, and each bad field.
std::string describe(const core::Error& error);

}  // namespace coupon::app
