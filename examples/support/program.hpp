#pragma once

#include <CLI/CLI.hpp>
#include <exception>
#include <iostream>

namespace examples {

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
