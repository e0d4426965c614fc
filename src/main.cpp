#include "coupond/cli/cli.h"

int main(int argc, char** argv) { return coupon::cli::run(argc, argv); }
