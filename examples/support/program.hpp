#pragma once

#include <CLI/CLI.hpp>
#include <exception>
#include <iostream>
#include <lazytrain/core/types.hpp>
#include <string>
#include <string_view>

namespace examples {

/// Whether `flag` stands on the command line: for defaults that depend on it, before it is parsed.
inline bool asked_for(int argc, char** argv, std::string_view flag) {
  for (int i = 1; i < argc; ++i) {
    if (argv[i] == flag) return true;
  }
  return false;
}

/// The options `--device` and `--threads`.
inline void declare_device(CLI::App& app, std::string& device, lazytrain::Index& threads) {
  app.add_option("--device", device,
                 "where the network computes; cuda needs a build with -DLAZYTRAIN_WITH_CUDA=ON")
      ->check(CLI::IsMember({"cpu", "cuda"}));
  app.add_option("--threads", threads, "threads of the processor; 0: all. The results do not depend on it")
      ->check(CLI::NonNegativeNumber);
}

/// Parses the command line and calls `body`. What it throws becomes a line on stderr and a failure.
template <class Body>
int run_program(CLI::App& app, int argc, char** argv, Body&& body) {
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& stop) {
    return app.exit(stop);
  }
  try {
    body();
  } catch (const std::exception& error) {
    std::cerr << error.what() << '\n';
    return 1;
  }
  return 0;
}

}  // namespace examples
