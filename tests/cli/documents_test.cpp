// Every command that README, docs and examples tell people to type exists, with every flag they
// give it; and the examples agree with the program about names, ports and paths.
#include <algorithm>
#include <catch2/catch.hpp>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>
#include <sstream>

#include "tests/cli/words.h"
#include "tests/support/source_dir.h"

using test::content_of;

namespace {

const std::filesystem::path kRoot = test::source_dir();

bool has(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

bool is_word(const std::string& text) {
  return !text.empty() && std::all_of(text.begin(), text.end(),
                                      [](char c) { return (c >= 'a' && c <= 'z') || c == '-'; });
}

using Words = std::vector<std::string>;

// What follows "coupond " up to the end of the command.
Words words_of(const std::string& rest) {
  std::istringstream in(rest.substr(0, rest.find_first_of("`#|>;&")));
  return {std::istream_iterator<std::string>(in), {}};
}

// Every command line in `text`, from its first word on.
std::vector<Words> commands_in(const std::string& text) {
  const std::string name = "coupond ";
  std::vector<Words> commands;
  for (std::size_t at = 0; (at = text.find(name, at)) != std::string::npos; at += name.size()) {
    const char before = at == 0 ? ' ' : text[at - 1];
    if (before != ' ' && before != '/' && before != '`' && before != '\n') continue;
    const std::size_t end = std::min(text.find('\n', at), text.size());
    Words words = words_of(text.substr(at + name.size(), end - at - name.size()));
    if (!words.empty() && is_word(words[0])) commands.push_back(std::move(words));
  }
  return commands;
}

// Of Markdown only what is code: indented lines and what stands between back quotes.
std::string code_in(const std::string& markdown) {
  std::istringstream in(markdown);
  std::string code;
  for (std::string line; std::getline(in, line);) {
    if (line.starts_with("    ")) {
      code += line + "\n";
      continue;
    }
    bool inside = false;
    for (const char c : line) {
      if (c == '`') inside = !inside;
      if (c == '`' || inside) code += c;
    }
    code += '\n';
  }
  return code;
}

// The help of the command's own subcommand, or of the command.
class Helps {
 public:
  void check(const Words& words) {
    CAPTURE(words);
    const std::string& outer = help({words[0]});
    const bool nested = has(outer, "Subcommands:") && words.size() > 1 && is_word(words[1]);
    const std::string& inner = nested ? help({words[0], words[1]}) : outer;
    for (std::string word : words) {
      if (!word.starts_with("--")) continue;
      word = word.substr(0, word.find_first_of("=,.)'\""));
      CAPTURE(word);
      CHECK(has(inner, word));
    }
  }

 private:
  const std::string& help(Words command) {
    command.emplace_back("--help");
    const auto known = helps_.find(command);
    if (known != helps_.end()) return known->second;
    const auto outcome = run_program({.arguments = command});
    CHECK(outcome.exit_code == 0);
    return helps_[command] = outcome.out;
  }

  std::map<Words, std::string> helps_;
};

}  // namespace

TEST_CASE("every command that README and docs tell of exists, with its flags", "[documents]") {
  std::string text = content_of(kRoot / "README.md");
  for (const auto& entry : std::filesystem::directory_iterator(kRoot / "docs")) {
    if (entry.path().extension() == ".md") text += content_of(entry.path());
  }
  Helps helps;
  const auto commands = commands_in(code_in(text));
  CHECK(commands.size() > 20);
  for (const Words& words : commands) helps.check(words);
}

TEST_CASE("every command of the examples exists, with its flags", "[documents]") {
  Helps helps;
  std::size_t commands = 0;
  for (const auto& entry : std::filesystem::directory_iterator(kRoot / "examples")) {
    INFO(entry.path().string());
    for (const Words& words : commands_in(content_of(entry.path()))) {
      if (words[0].find_first_of("-") == 0 || words[0] == "coupon") continue;
      helps.check(words);
      ++commands;
    }
  }
  CHECK(commands >= 2);
}

TEST_CASE("what --help of every command says is there", "[documents]") {
  const std::string help = run_program({.arguments = {"--help"}}).out;
  const std::string operating = content_of(kRoot / "docs/operating.md");
  std::istringstream in(help.substr(help.find("Subcommands:")));
  std::string line;
  std::getline(in, line);
  int commands = 0;
  while (std::getline(in, line)) {
    std::istringstream words(line);
    std::string name;
    if (!(words >> name) || !line.starts_with("  ") || line[2] == ' ') continue;
    CAPTURE(name);
    ++commands;
    CHECK(has(operating, "`" + name));
    CHECK(run_program({.arguments = {name, "--help"}}).exit_code == 0);
  }
  CHECK(commands > 10);
}

TEST_CASE("the settings of serve are the ones in docs/operating.md", "[documents]") {
  const std::string operating = content_of(kRoot / "docs/operating.md");
  std::istringstream in(run_program({.arguments = {"config"}}).out);
  int settings = 0;
  for (std::string line; std::getline(in, line);) {
    const std::size_t equals = line.find('=');
    const std::string variable = line.substr(0, equals);
    const std::string value = line.substr(equals + 1, line.find('\t') - equals - 1);
    CAPTURE(line);
    const std::size_t row = operating.find("| `" + variable + "` |");
    REQUIRE(row != std::string::npos);
    const std::string rest = operating.substr(row, operating.find('\n', row) - row);
    if (!value.empty()) CHECK(has(rest, value));
    ++settings;
  }
  CHECK(settings >= 10);
}

TEST_CASE("the container runs what the build makes, with settings there are", "[documents]") {
  const std::string file = content_of(kRoot / "examples/Dockerfile");
  CHECK(has(file, "/src/build/release/coupond /coupond"));
  const std::string build = content_of(kRoot / "scripts/build.sh");
  CHECK(has(build, "preset=${1:-release}"));
  CHECK(has(build, "build/$preset/coupond"));
  CHECK(has(file, R"(ENTRYPOINT ["/coupond"])"));
  Helps helps;
  for (const std::string start : {"\nCMD [", "CMD [\"/coupond\", "}) {
    std::size_t at = file.find(start);
    REQUIRE(at != std::string::npos);
    at += start.size();
    std::string list = file.substr(at, file.find(']', at) - at);
    std::erase_if(list, [](char c) { return c == '"' || c == ','; });
    helps.check(words_of(list));
  }
  CHECK(has(file, "ENV COUPOND_DATA=/data"));
  CHECK(has(file, "VOLUME /data"));
}

TEST_CASE("the proxy's file fits what serve listens on by default", "[documents]") {
  const std::string config = run_program({.arguments = {"config"}}).out;
  const std::string file = content_of(kRoot / "examples/Caddyfile");
  const std::string listen = "COUPOND_LISTEN=";
  const std::size_t at = config.find(listen) + listen.size();
  CHECK(has(file, "reverse_proxy " + config.substr(at, config.find('\t', at) - at)));
  const std::string help = run_program({.arguments = {"serve", "--help"}}).out;
  for (const std::string flag : {"--behind-proxy", "--trusted-proxy"}) {
    CHECK(has(file, flag));
    CHECK(has(help, flag));
  }
}
