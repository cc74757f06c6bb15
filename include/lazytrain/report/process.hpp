#pragma once

#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <lazytrain/core/error.hpp>
#include <memory>
#include <stdexcept>
#include <string>
#include <string_view>
#include <system_error>
#include <vector>

/// Other programs, run without a shell.
namespace lazytrain::report {

/// What a program that ran to its end left.
struct ProcessResult {
  /// Exit status, 128 + signal if a signal ended it, 127 if there is no such program.
  int status = 0;
  std::string output;
  std::string errors;
};

namespace detail {

/// An unnamed temporary file, gone when closed: unlike a pipe it never makes a process wait for another.
class ScratchFile {
 public:
  ScratchFile() : file_(std::tmpfile()) {
    if (!file_) {
      raise<std::runtime_error>("report::run_process",
                                "cannot create a temporary file: ", std::generic_category().message(errno));
    }
  }

  [[nodiscard]] int descriptor() const { return ::fileno(file_.get()); }

  void fill(std::string_view text) {
    if (std::fwrite(text.data(), 1, text.size(), file_.get()) != text.size() ||
        std::fflush(file_.get()) != 0) {
      raise<std::runtime_error>("report::run_process",
                                "cannot write a temporary file: ", std::generic_category().message(errno));
    }
    std::rewind(file_.get());
  }

  [[nodiscard]] std::string contents() {
    std::rewind(file_.get());
    std::string text;
    char block[4096];
    while (const std::size_t count = std::fread(block, 1, sizeof block, file_.get()))
      text.append(block, count);
    return text;
  }

 private:
  struct Close {
    void operator()(std::FILE* file) const { std::fclose(file); }
  };
  std::unique_ptr<std::FILE, Close> file_;
};

}  // namespace detail

/// Runs `arguments[0]`, looked up in PATH, with `input` as its standard input, and waits for its end.
/// @throws std::runtime_error if the system cannot run programs; a missing program is status 127
[[nodiscard]] inline ProcessResult run_process(std::vector<std::string> arguments, std::string_view input) {
  require_argument(!arguments.empty(), "report::run_process", "arguments", "empty", "a program");
  detail::ScratchFile in, out, err;
  in.fill(input);
  struct Actions {
    ::posix_spawn_file_actions_t value;
    Actions() { ::posix_spawn_file_actions_init(&value); }
    Actions(const Actions&) = delete;
    Actions& operator=(const Actions&) = delete;
    ~Actions() { ::posix_spawn_file_actions_destroy(&value); }
  } actions;
  ::posix_spawn_file_actions_adddup2(&actions.value, in.descriptor(), STDIN_FILENO);
  ::posix_spawn_file_actions_adddup2(&actions.value, out.descriptor(), STDOUT_FILENO);
  ::posix_spawn_file_actions_adddup2(&actions.value, err.descriptor(), STDERR_FILENO);
  std::vector<char*> argv;
  argv.reserve(arguments.size() + 1);
  for (std::string& argument : arguments) argv.push_back(argument.data());
  argv.push_back(nullptr);

  ::pid_t child = 0;
  const int error = ::posix_spawnp(&child, argv[0], &actions.value, nullptr, argv.data(), environ);
  if (error == ENOENT || error == EACCES || error == ENOTDIR || error == ENOEXEC) {
    return {127, {}, arguments[0] + ": " + std::generic_category().message(error)};
  }
  if (error != 0) {
    raise<std::runtime_error>("report::run_process", "cannot run ", arguments[0], ": ",
                              std::generic_category().message(error));
  }
  int status = 0;
  while (::waitpid(child, &status, 0) < 0) {
    if (errno != EINTR) {
      raise<std::runtime_error>("report::run_process", "cannot wait for ", arguments[0], ": ",
                                std::generic_category().message(errno));
    }
  }
  return {WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status), out.contents(), err.contents()};
}

}  // namespace lazytrain::report
