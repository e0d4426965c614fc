// Replays a corpus without a fuzzer: `coupond_fuzz_NAME DIRECTORY` gives every file of it to the
// target, and then files changed at random, always the same ones. A failed assertion ends the
// process; the input is then in `failed-input` of the working directory. COUPOND_LONG=1: far more
// changes.
#include <algorithm>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <random>
#include <string>
#include <vector>

#include "tests/fuzz/fuzz.h"

namespace {

constexpr int kChangesPerFile = 100;
constexpr int kChangesPerFileLong = 5'000;

using Inputs = std::vector<std::string>;

Inputs files_in(const std::filesystem::path& directory) {
  std::vector<std::filesystem::path> paths;
  for (const auto& entry : std::filesystem::directory_iterator(directory)) {
    if (entry.is_regular_file()) paths.push_back(entry.path());
  }
  std::sort(paths.begin(), paths.end());
  Inputs inputs;
  for (const auto& path : paths) {
    std::ifstream file(path, std::ios::binary);
    inputs.emplace_back(std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>());
  }
  return inputs;
}

const std::string* running = nullptr;  // What the handler of SIGABRT has to save.

void save_running() {
  if (running == nullptr) return;
  std::ofstream("failed-input", std::ios::binary) << *running;
  std::fprintf(stderr, "replay: the input is in %s\n",
               (std::filesystem::current_path() / "failed-input").c_str());
}

void run(const std::string& input) {
  running = &input;
  LLVMFuzzerTestOneInput(reinterpret_cast<const std::uint8_t*>(input.data()), input.size());
  running = nullptr;
}

// One change such as fuzzers make: bytes replaced, inserted, removed, doubled, or another file's
// end.
void change(std::string& text, const Inputs& inputs, std::mt19937& random) {
  const auto below = [&](std::size_t bound) { return random() % std::max<std::size_t>(bound, 1); };
  const std::size_t at = below(text.size() + 1);
  const std::size_t length = 1 + below(8);
  switch (below(5)) {
    case 0:
      if (at < text.size()) text[at] = static_cast<char>(below(256));
      return;
    case 1:
      text.insert(at, length, static_cast<char>(below(128)));
      return;
    case 2:
      text.erase(at, length);
      return;
    case 3:
      text.insert(at, text, below(text.size() + 1), length * 4);
      return;
    default: {
      const std::string& other = inputs[below(inputs.size())];
      text.resize(at);
      text.append(other, below(other.size() + 1), std::string::npos);
    }
  }
}

}  // namespace

int main(int argc, char** argv) {
  const Inputs inputs = argc == 2 ? files_in(argv[1]) : Inputs{};
  if (inputs.empty()) {
    std::fprintf(stderr, "usage: %s DIRECTORY (with at least one file)\n", argv[0]);
    return 2;
  }
  std::signal(SIGABRT, [](int) { save_running(); });
  for (const std::string& input : inputs) run(input);

  const int changes =
      std::getenv("COUPOND_LONG") == nullptr ? kChangesPerFile : kChangesPerFileLong;
  std::mt19937 random(1);
  for (const std::string& input : inputs) {
    for (int i = 0; i < changes; ++i) {
      std::string text = input;
      for (auto left = 1 + random() % 4; left > 0; --left) change(text, inputs, random);
      run(text);
    }
  }
  std::printf("%zu files, %zu changed inputs, seed 1\n", inputs.size(),
              inputs.size() * static_cast<std::size_t>(changes));
}
