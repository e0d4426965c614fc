#include <iostream>
#include <memory>

#include "coupond/cluster/shared_log.h"
#include "coupond/store/change_record.h"
#include "coupond/store/database.h"
#include "coupond/store/inspect.h"
#include "src/cli/command.h"
#include "src/cli/terminal.h"

namespace coupon::cli {
namespace {

using cluster::Etcd;
using cluster::SharedLog;
using cluster::Shop;
using core::refuse;
using core::Result;

struct ClusterInput {
  std::string etcd;
  std::string data;
  std::string member;
};

// What a data directory has, whoever serves it.
struct Local {
  Shop shop;
  std::int64_t position = 0;
};
Result<Local> look_into(const std::string& data) {
  const auto database = store::open_for_reading(store::DataPaths(data));
  if (!database.ok()) return database.error();
  const auto facts = store::read_facts(**database);
  return Local{.shop = {.instance = facts.instance, .restore_epoch = facts.restore_epoch},
               .position = store::change_position(**database)};
}

// The shop of the data directory, or the only one there is.
Result<Shop> find_shop(const ClusterInput& input, Etcd& etcd) {
  if (!input.data.empty()) {
    const auto local = look_into(input.data);
    if (!local.ok()) return local.error();
    return local->shop;
  }
  const auto shops = SharedLog::shops(etcd);
  if (!shops.ok()) return shops.error();
  if (shops->empty()) {
    return refuse("The etcd at " + input.etcd + " holds no shop.", core::Reason::kInvalidRequest);
  }
  if (shops->size() == 1) return shops->front();
  return refuse("The etcd at " + input.etcd + " holds " + std::to_string(shops->size()) +
                    " shops: name a data directory of the one you mean with --data.",
                core::Reason::kInvalidRequest);
}

std::string behind(std::int64_t count) {
  return count <= 0 ? "has all" : std::to_string(count) + " behind";
}

void print(const cluster::View& view, const cluster::Members& members, const Shop& shop) {
  std::cout << "shop      " << printable(shop.instance) << ", restore epoch " << shop.restore_epoch
            << "\n";
  if (view.leader.empty()) {
    std::cout << "leader    nobody just now, after term " << view.term << "\n";
  } else {
    std::cout << "leader    " << printable(view.leader) << " at " << printable(view.leader_url)
              << ", term " << view.term << "\n";
  }
  std::cout << "changes   " << (view.first == 0 ? view.last + 1 : view.first) << " to " << view.last
            << " in the log\n";
  for (const auto& [name, position] : members.positions) {
    std::cout << "member    " << printable(name) << " has change " << position << ", "
              << behind(view.last - position) << "\n";
  }
}

// What etcd says of a shop.
struct Seen {
  SharedLog log;
  Shop shop;
  cluster::View view;
  cluster::Members members;
};

Result<Seen> ask(const ClusterInput& input, Etcd etcd) {
  const auto shop = find_shop(input, etcd);
  if (!shop.ok()) return shop.error();
  SharedLog log(std::move(etcd), *shop);
  auto view = log.look(0, 1);
  if (!view.ok()) return view.error();
  auto members = log.members();
  if (!members.ok()) return members.error();
  return Seen{std::move(log), *shop, *std::move(view), *std::move(members)};
}

int status(const ClusterInput& input) {
  if (!input.data.empty()) {
    const auto local = look_into(input.data);
    if (!local.ok()) return fail(local.error());
    std::cout << "here      change " << local->position << " in " << printable(input.data) << "\n";
    if (input.etcd.empty()) return kDone;
  }
  if (input.etcd.empty()) return fail("Name etcd with --cluster, or a data directory.", kUsage);
  auto etcd = Etcd::of_url(input.etcd);
  if (!etcd.ok()) return fail(etcd.error(), kUsage);
  const auto seen = ask(input, std::move(etcd.value()));
  if (!seen.ok()) return fail(seen.error());
  print(seen->view, seen->members, seen->shop);
  return kDone;
}

int forget(const ClusterInput& input) {
  if (input.etcd.empty()) return fail("Name etcd with --cluster.", kUsage);
  auto etcd = Etcd::of_url(input.etcd);
  if (!etcd.ok()) return fail(etcd.error(), kUsage);
  auto seen = ask(input, std::move(etcd.value()));
  if (!seen.ok()) return fail(seen.error());
  if (seen->view.leader == input.member) {
    return fail(input.member + " leads the cluster. Stop it before it is forgotten.");
  }
  if (!seen->members.positions.contains(input.member)) {
    return fail("The cluster knows no member " + input.member + ": `coupond cluster status` says " +
                "which there are.");
  }
  if (const auto done = seen->log.forget_member(input.member); !done.ok()) {
    return fail(done.error());
  }
  std::cout << printable(input.member)
            << " is forgotten: what it has counts no more when the log is trimmed. If it comes "
               "back, it is a member again.\n";
  return kDone;
}

Command add(const Command& cluster, const char* name, const char* about,
            const std::shared_ptr<ClusterInput>& input, int (*run)(const ClusterInput&)) {
  const Command command = cluster.add_subcommand(name, about);
  command.add_option("--cluster", input->etcd, "The address of etcd")
      .envname("COUPOND_CLUSTER")
      .type_name("URL");
  command.add_option("--data", input->data, "A data directory of the shop").type_name("DIR");
  command.runs([input, run] { return run(*input); });
  return command;
}

}  // namespace

void add_cluster(const Command& root) {
  const auto input = std::make_shared<ClusterInput>();
  const Command cluster =
      root.add_subcommand("cluster", "The members that `serve --cluster` makes a cluster of");
  cluster.needs_subcommand();
  add(cluster, "status", "Who leads, and what each member has", input, status);
  const Command gone =
      add(cluster, "forget", "Forget a member that does not come back", input, forget);
  gone.add_option("name", input->member, "The member").required();
  gone.footer("Example: coupond cluster forget east --cluster http://127.0.0.1:2379");
}

}  // namespace coupon::cli
