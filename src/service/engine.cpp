#include "coupond/service/engine.h"

#include <optional>
#include <stdexcept>
#include <utility>

#include "coupond/core/signing.h"

namespace coupon::service {
namespace {

core::Error refuse(std::string message) {
  return {.reason = core::Reason::kInternal, .message = std::move(message)};
}

// A key that is missing beside a database is a loss to be told of, never to be papered over with a
// new one: all codes would be unknown from then on.
core::Result<core::Secrets> load_secrets(const store::DataPaths& paths,
                                         const core::Random& random) {
  if (store::exists(paths.database) || store::exists(paths.key)) {
    return core::Secrets::load(paths.key);
  }
  return core::Secrets::create(paths.key, random);
}

// A demo has accounts with known passwords: it must not meet real data, nor pass for real itself.
std::optional<core::Error> mixes_demo(std::optional<bool> demo, bool is_demo,
                                      const store::DataPaths& paths) {
  if (!demo || demo == is_demo) return std::nullopt;
  if (*demo) {
    return refuse("The data directory " + paths.directory +
                  " holds real data, and --demo would add accounts with known passwords. Name "
                  "another directory with --data.");
  }
  return refuse("The data directory " + paths.directory +
                " holds a demo, whose passwords are known. Start it with --demo, or name another "
                "directory with --data.");
}

store::PrepareOptions prepare_options(const Engine::Options& options, const std::string& key_id) {
  return {.key_id = key_id,
          .clock = options.clock,
          .random = options.random,
          .vfs = options.writer.vfs,
          .demo = options.demo.value_or(false),
          .notice = options.observer.notice};
}

}  // namespace

core::Result<std::unique_ptr<Engine>> Engine::open(Options options) {
  const store::DataPaths paths(options.data_dir);
  const auto made = store::make_data_dir(paths);
  if (!made.ok()) return made.error();
  if (options.demo == true && !store::exists(paths.database) && store::has_foreign_files(paths)) {
    return refuse("The directory " + paths.directory +
                  " is not empty. Name an empty one, or a new name, with --data for a demo.");
  }
  auto lock = store::DataLock::take(paths);
  if (!lock.ok()) return lock.error();
  auto secrets = load_secrets(paths, options.random);
  if (!secrets.ok()) return secrets.error();
  auto facts = store::prepare_database(paths, prepare_options(options, secrets->key_id()));
  if (!facts.ok()) return facts.error();
  if (auto error = mixes_demo(options.demo, facts->demo, paths)) return *error;
  try {
    return std::unique_ptr<Engine>(new Engine(std::move(options), std::move(lock.value()),
                                              std::move(secrets.value()), *facts));
  } catch (const std::runtime_error& error) {
    return refuse("The database " + paths.database + " cannot be opened: " + error.what() +
                  ". Check its owner, its mode and the disk it is on.");
  }
}

Engine::Engine(Options options, store::DataLock lock, core::Secrets secrets,
               store::DatabaseFacts facts)
    : options_(std::move(options)),
      paths_(options_.data_dir),
      lock_(std::move(lock)),
      secrets_(std::move(secrets)),
      facts_(std::move(facts)),
      vault_(secrets_),
      tokens_(secrets_),
      passwords_(options_.passwords),
      readers_(paths_.database, {.connections = options_.readers,
                                 .vfs = options_.writer.vfs,
                                 .notice = options_.observer.notice}),
      writer_(
          paths_.database,
          [this](std::string_view message) {
            return core::sign(secrets_.checkpoint_key(), message);
          },
          options_.clock, counters_, options_.writer, options_.observer) {}

Engine::~Engine() { stop(); }

void Engine::stop() {
  writer_.stop();
  if (writer_.healthy()) store::mark_clean_stop(paths_);
}

}  // namespace coupon::service
