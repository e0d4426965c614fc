// The command line. One file per command in src/cli.
#pragma once

namespace coupon::cli {

// Runs the program; what it returns is the exit code: 0 done, 1 failed, 2 wrong usage, 3 could not
// start. Called once, by main().
int run(int argc, char** argv);

}  // namespace coupon::cli
