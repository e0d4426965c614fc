#include <malloc.h>

#include <iostream>
#include <memory>
#include <new>
#include <system_error>

#include "coupond/app/app.h"
#include "coupond/app/member.h"
#include "src/cli/command.h"
#include "src/cli/settings.h"

namespace coupon::cli {
namespace {

constexpr char kNoMemory[] =
    "This machine gives this process no more memory or threads: it needs about 100 MiB, and 700 "
    "MiB of address space where that is limited (ulimit -v, ulimit -u, a container's limits).";

// The library gives each group of threads a pool of its own, sixteen on two cores, and each keeps
// what it once had. With two, the memory after a busy minute is a third (49 MiB instead of 147),
// and the processor time of a redemption is the same.
void share_memory_pools() { ::mallopt(M_ARENA_MAX, 2); }

int open_and_serve(SettingList& list, const Command& command) {
  auto settings = list.resolve(command);
  if (!settings.ok()) return fail(settings.error(), kUsage);
  share_memory_pools();
  app::take_stop_signals();
  std::unique_ptr<app::Member> member;
  if (!settings->cluster.etcd.empty()) {
    auto joined = app::Member::open(*settings);
    if (!joined.ok()) return fail(joined.error(), kCouldNotStart);
    member = std::move(joined.value());
    std::cout << member->banner() << std::flush;
    const auto leads = member->follow();
    if (!leads.ok()) return fail(leads.error(), kCouldNotStart);
    if (!*leads) return kDone;
    settings->port = member->port();
  }
  auto app = app::App::open(*std::move(settings), std::move(member));
  if (!app.ok()) return fail(app.error(), kCouldNotStart);
  std::cout << app.value()->banner() << std::flush;
  return app.value()->serve() ? kDone : kFailed;
}

int serve(SettingList& list, const Command& command) {
  try {
    return open_and_serve(list, command);
  } catch (const std::bad_alloc&) {
    return fail(kNoMemory, kCouldNotStart);
  } catch (const std::system_error& error) {
    if (error.code() != std::errc::resource_unavailable_try_again) throw;
    return fail(kNoMemory, kCouldNotStart);
  }
}

int show_config(SettingList& list, const Command& command) {
  const auto settings = list.resolve(command);
  if (!settings.ok()) return fail(settings.error(), kUsage);
  for (const Setting& setting : list.all()) {
    std::cout << setting.variable << "=" << setting.value << "\t(" << setting.origin << ")\n";
  }
  return kDone;
}

void add(const Command& root, const char* name, const char* about,
         int (*run)(SettingList&, const Command&)) {
  const auto list = std::make_shared<SettingList>();
  const Command command = root.add_subcommand(name, about);
  list->add_to(command);
  command.runs([list, command, run] { return run(*list, command); });
  command.footer(
      "A flag goes before the environment variable in parentheses, and that before the default.\n"
      "A start without an administrator prints a link that makes one.\n"
      "COUPOND_ADMIN_EMAIL and COUPOND_ADMIN_PASSWORD (or COUPOND_ADMIN_PASSWORD_FILE) make an\n"
      "administrator when there is none.");
}

}  // namespace

void add_serve(const Command& root) {
  add(root, "serve", "Serve coupons over HTTP until SIGTERM", serve);
  add(root, "config", "Print each setting of serve and where it came from", show_config);
}

}  // namespace coupon::cli
