// Where a server is reached: as an address to show, and as a note in its data directory, by which
// commands find it. What a killed server leaves there means nothing: the note is believed only
// while somebody holds the directory's lock. Any thread.
#pragma once

#include <optional>
#include <string>

#include "coupond/store/data_dir.h"

namespace coupon::app {

// "http://127.0.0.1:8080", "http://[::1]:8080".
std::string url_of(const std::string& host, int port);
// The same as reached from this machine: all addresses (0.0.0.0 and ::) include loopback.
std::string local_url(const std::string& host, int port);

// By the server, once it listens, and when it has stopped. Without the note it serves as well.
void note_serving(const store::DataPaths& paths, const std::string& url);
void forget_serving(const store::DataPaths& paths);

// The address of the server that works on the directory, as it noted it.
std::optional<std::string> serving_url(const store::DataPaths& paths);

}  // namespace coupon::app
