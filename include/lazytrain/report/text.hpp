#pragma once

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <cstddef>
#include <string>
#include <string_view>

/// Numbers and characters as text, independent of the locale.
namespace lazytrain::report {

/// How a number is written: `general` as C's %g, `fixed` as %f, `scientific` as %e.
enum class Notation { general, fixed, scientific };

/// The shortest text that reads back as the same double; "inf", "-inf", "nan" for the rest.
[[nodiscard]] inline std::string exact_number(double x) {
  if (std::isnan(x)) return "nan";
  std::array<char, 32> buffer{};
  return std::string(buffer.data(), std::to_chars(buffer.data(), buffer.data() + buffer.size(), x).ptr);
}

/// `x` with `digits` significant digits (`general`) or digits after the point (`fixed`, `scientific`).
[[nodiscard]] inline std::string format_number(double x, int digits = 4,
                                               Notation notation = Notation::general) {
  if (!std::isfinite(x)) return exact_number(x);
  const auto format = notation == Notation::general ? std::chars_format::general
                      : notation == Notation::fixed ? std::chars_format::fixed
                                                    : std::chars_format::scientific;
  std::string text(static_cast<std::size_t>(330 + std::max(digits, 0)), '\0');
  const auto end = std::to_chars(text.data(), text.data() + text.size(), x, format, digits).ptr;
  text.resize(static_cast<std::size_t>(end - text.data()));
  return text;
}

namespace detail {

/// Takes one code point off the front of UTF-8 text; U+FFFD for one byte that is not UTF-8.
[[nodiscard]] inline char32_t take_code_point(std::string_view& text) {
  const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
  const unsigned lead = byte(0);
  const std::size_t length = lead < 0x80 ? 1 : lead >= 0xF0 ? 4 : lead >= 0xE0 ? 3 : 2;
  char32_t code = length == 1 ? lead : lead & (0x7Fu >> length);
  bool valid = length == 1 || (lead >= 0xC2 && lead <= 0xF4 && text.size() >= length);
  for (std::size_t i = 1; valid && i < length; ++i) {
    valid = (byte(i) & 0xC0) == 0x80;
    code = (code << 6) | (byte(i) & 0x3F);
  }
  const bool shortest = length < 3 || code >= (length == 3 ? 0x800u : 0x10000u);
  valid = valid && shortest && code <= 0x10FFFF && !(code >= 0xD800 && code <= 0xDFFF);
  text.remove_prefix(valid ? length : 1);
  return valid ? code : U'\uFFFD';
}

/// Columns that a code point takes in a terminal.
[[nodiscard]] inline int code_point_width(char32_t c) {
  const auto in = [c](char32_t low, char32_t high) { return c >= low && c <= high; };
  if (in(0x300, 0x36F) || in(0x200B, 0x200F) || in(0x20D0, 0x20FF) || in(0xFE00, 0xFE0F)) return 0;
  if (in(0x1100, 0x115F) || in(0x2E80, 0xA4CF) || in(0xAC00, 0xD7A3) || in(0xF900, 0xFAFF) ||
      in(0xFE30, 0xFE6F) || in(0xFF00, 0xFF60) || in(0xFFE0, 0xFFE6) || in(0x1F300, 0x1FAFF) ||
      in(0x20000, 0x3FFFD)) {
    return 2;
  }
  return 1;
}

/// Whether line feeds and tabs of a text stay or become spaces.
enum class Lines { join, keep };

/// `text` as UTF-8 without control characters (they become spaces) and without broken bytes (U+FFFD): what
/// XML and plotting scripts accept.
[[nodiscard]] inline std::string clean_text(std::string_view text, Lines lines = Lines::join) {
  std::string clean;
  while (!text.empty()) {
    const std::string_view before = text;
    const char32_t c = take_code_point(text);
    const std::string_view bytes = before.substr(0, before.size() - text.size());
    if (c == U'\uFFFD' || c == 0xFFFE || c == 0xFFFF) {
      clean += "\xEF\xBF\xBD";
    } else if (c < 0x20 || (c >= 0x7F && c < 0xA0)) {
      clean += lines == Lines::keep && (c == '\n' || c == '\t') ? static_cast<char>(c) : ' ';
    } else {
      clean += bytes;
    }
  }
  return clean;
}

}  // namespace detail

/// Columns that UTF-8 text takes in a terminal: 0 for combining marks, 2 for East Asian characters.
[[nodiscard]] inline std::size_t display_width(std::string_view text) {
  std::size_t width = 0;
  while (!text.empty()) {
    width += static_cast<std::size_t>(detail::code_point_width(detail::take_code_point(text)));
  }
  return width;
}

/// `text` for HTML and XML, as content or as an attribute's value. Control characters become spaces, broken
/// UTF-8 the replacement character.
[[nodiscard]] inline std::string escape_html(std::string_view text) {
  std::string escaped;
  for (const char c : detail::clean_text(text, detail::Lines::keep)) {
    switch (c) {
      case '&':
        escaped += "&amp;";
        break;
      case '<':
        escaped += "&lt;";
        break;
      case '>':
        escaped += "&gt;";
        break;
      case '"':
        escaped += "&quot;";
        break;
      case '\'':
        escaped += "&#39;";
        break;
      default:
        escaped += c;
    }
  }
  return escaped;
}

}  // namespace lazytrain::report
