#pragma once

#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <concepts>
#include <lazytrain/core/types.hpp>
#include <lazytrain/report/text.hpp>
#include <string>
#include <string_view>
#include <utility>

/// A line that tells a person at a terminal how far a computation is.
namespace lazytrain::report {

/// Shows "label 40/100 40 % 12/s 5 s left note" on one line of a terminal and clears it when destroyed.
///
/// On anything but a terminal it is silent and a step costs one branch. It draws at most ten times a second
/// and ignores failures to write: it never stops a computation. One thread at a time.
class Progress {
 public:
  /// @param descriptor where to draw: STDERR_FILENO
  /// @param total number of units; 0 if unknown
  Progress(int descriptor, std::string label, Index total)
      : descriptor_(descriptor), active_(::isatty(descriptor) == 1), label_(std::move(label)), total_(total) {
    if (active_) start_ = drawn_ = Clock::now();
  }
  Progress(const Progress&) = delete;
  Progress& operator=(const Progress&) = delete;
  ~Progress() {
    if (visible_) put("\r\x1B[K");
  }

  /// `count` more units are done.
  void step(Index count = 1, std::string_view note = {}) {
    if (active_) advance(count, [note] { return note; });
  }

  /// The same with a function that makes the note; it is called only when the line is drawn.
  template <std::invocable F>
  void step(Index count, F&& note) {
    if (active_) advance(count, note);
  }

 private:
  using Clock = std::chrono::steady_clock;

  template <class F>
  void advance(Index count, F&& note) {
    done_ += count;
    const Clock::time_point now = Clock::now();
    if (now - drawn_ < std::chrono::milliseconds(100)) return;
    drawn_ = now;
    draw(note());
  }

  void draw(std::string_view note) {
    const double elapsed = std::chrono::duration<double>(drawn_ - start_).count();
    const double rate = static_cast<double>(done_) / elapsed;
    std::string line = label_ + " " + std::to_string(done_);
    if (total_ > 0) {
      line += "/" + std::to_string(total_) + "  ";
      line +=
          format_number(100.0 * static_cast<double>(done_) / static_cast<double>(total_), 0, Notation::fixed);
      line += " %";
    }
    line += "  " + format_number(rate, 3) + "/s";
    if (total_ > done_ && rate > 0) {
      line += "  " + duration(static_cast<double>(total_ - done_) / rate) + " left";
    }
    if (!note.empty()) line.append("  ").append(note);
    put("\r" + fit(detail::clean_text(line)) + "\x1B[K");
    visible_ = true;
  }

  /// The front of `line` that leaves the last column of the terminal free.
  [[nodiscard]] std::string fit(std::string_view line) const {
    struct ::winsize size {};
    if (::ioctl(descriptor_, TIOCGWINSZ, &size) != 0 || size.ws_col == 0) size.ws_col = 80;
    std::string_view rest = line;
    for (int width = 0; !rest.empty();) {
      std::string_view next = rest;
      width += detail::code_point_width(detail::take_code_point(next));
      if (width >= size.ws_col) break;
      rest = next;
    }
    return std::string(line.substr(0, line.size() - rest.size()));
  }

  /// "7 s", "3 min 20 s", "2 h 5 min".
  [[nodiscard]] static std::string duration(double seconds) {
    if (!(seconds < 1e9)) return "long";
    const auto s = static_cast<long>(std::ceil(seconds));
    if (s < 60) return std::to_string(s) + " s";
    if (s < 3600) return std::to_string(s / 60) + " min " + std::to_string(s % 60) + " s";
    return std::to_string(s / 3600) + " h " + std::to_string(s / 60 % 60) + " min";
  }

  void put(std::string_view text) const {
    if (::write(descriptor_, text.data(), text.size()) < 0) return;
  }

  int descriptor_;
  bool active_;
  bool visible_ = false;
  std::string label_;
  Index total_;
  Index done_ = 0;
  Clock::time_point start_{};
  Clock::time_point drawn_{};
};

}  // namespace lazytrain::report
