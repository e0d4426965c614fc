// App: the whole program, put together: engine, HTTP, control socket, housekeeping. Built in order
// by open(), taken down in reverse. One a process.
#pragma once

#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "coupond/core/descriptor.h"
#include "coupond/core/log.h"
#include "coupond/core/result.h"
#include "coupond/store/copy_target.h"
#include "coupond/store/writer.h"

namespace coupon::app {

// The account that is made when there is no administrator.
struct FirstAdmin {
  std::string email;
  std::string password;
};

// The copy elsewhere, see src/app/copier.h.
struct CopySettings {
  std::string directory = {};  // empty: none is kept
  bool sync = false;           // answers wait for it
  bool forget = false;         // it need not hold what it was to hold so far
  bool accept_loss = false;    // one that goes on where this shop does not is set aside
  std::int64_t changes_most = store::kChangesMost;  // see there
};

// The cluster this server is a member of, see member.h.
struct ClusterSettings {
  std::string etcd = {};       // its address; empty: there is none
  std::string member = {};     // this one's name; empty: the machine's
  std::size_t keep_mib = 256;  // of the log, for members that come late
  bool forget = false;         // what etcd or the directory knows of a cluster need not hold
};

struct Settings {
  std::string data_dir = "./coupond-data";
  bool demo = false;
  bool accept_loss = false;
  store::Durability durability = store::Durability::kFull;
  CopySettings copy = {};
  ClusterSettings cluster = {};
  std::string host = "127.0.0.1";
  int port = 8080;               // 0: any free one
  bool beyond_loopback = false;  // whether another host than loopback is allowed
  bool behind_proxy = false;     // one of the reasons to allow it
  std::size_t max_connections = 4096;
  std::vector<std::string> trusted_proxies = {};  // addresses or networks
  std::vector<std::string> allowed_origins = {};  // of pages that may call; or "*"
  bool rate_limits = true;
  core::LogFormat log_format = core::LogFormat::kText;
  std::optional<FirstAdmin> first_admin = {};
};

// To be called before any thread exists: makes SIGTERM, SIGINT and SIGHUP end serve() instead of
// the process, and SIGPIPE nothing.
void take_stop_signals();
// A new signalfd, close-on-exec, that those signals make readable once they are taken.
core::Descriptor stop_signals_fd(int flags);

class Member;

class App {
 public:
  // Everything up to the bound port. Refused with one sentence that names what is in the way and
  // the remedy. `member`: of a cluster, when it leads; null: there is no cluster.
  static core::Result<std::unique_ptr<App>> open(Settings settings,
                                                 std::unique_ptr<Member> member = nullptr);

  App(const App&) = delete;
  App& operator=(const App&) = delete;
  ~App();

  // What the owner should see at the start: a few lines.
  std::string banner() const;
  int port() const;

  // Serves until stop(), a signal to stop or a failed commit; then finishes what runs and closes
  // the database. False after a failed commit: only a restart can tell what became of it. Call
  // once.
  bool serve();
  // Makes serve() return. Any thread.
  void stop() noexcept;

 private:
  struct Parts;

  explicit App(std::unique_ptr<Parts> parts);

  std::unique_ptr<Parts> parts_;
};

}  // namespace coupon::app
