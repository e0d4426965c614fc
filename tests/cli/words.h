// The words of all tests of the command line: a run of the program, a server in its own process,
// and what they printed.
#pragma once

#include "tests/support/program.h"
#include "tests/support/temp_dir.h"
#include "tests/support/text.h"

using namespace coupon;
using test::Daemon;
using test::mentions;
using test::ProgramOutcome;
using test::run_program;
