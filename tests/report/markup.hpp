#pragma once

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>
#include <set>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

namespace lazytrain::testing {

/// What is wrong with a document's tags, attributes and entities; empty if nothing is. HTML's void elements
/// need no end.
inline std::string markup_fault(std::string_view text) {
  static const std::set<std::string> voids = {"meta", "br", "hr", "img", "link", "!DOCTYPE"};
  std::vector<std::string> open;
  while (!text.empty()) {
    if (text.front() == '&') {
      const auto end = text.find(';');
      if (end == std::string_view::npos || end > 8 || end < 2)
        return "bare &: " + std::string(text.substr(0, 30));
    }
    if (text.front() != '<') {
      text.remove_prefix(1);
      continue;
    }
    std::size_t end = 1;
    for (char quote = 0; end < text.size() && (quote != 0 || text[end] != '>'); ++end) {
      if (text[end] == '<') return "bare <: " + std::string(text.substr(0, 40));
      if (quote != 0 ? text[end] == quote : text[end] == '"' || text[end] == '\'') {
        quote = quote != 0 ? char(0) : text[end];
      }
    }
    if (end == text.size()) return "unfinished tag: " + std::string(text.substr(0, 40));
    const std::string tag(text.substr(1, end - 1));
    text.remove_prefix(end + 1);
    const std::string name = tag.substr(0, tag.find_first_of(" \n\t/", 1));
    if (tag.front() == '?') continue;
    if (tag.front() == '/') {
      if (open.empty() || "/" + open.back() != tag) {
        return "</" + tag.substr(1) + "> closes <" + (open.empty() ? "" : open.back()) + ">";
      }
      open.pop_back();
    } else if (tag.back() != '/' && !voids.contains(name)) {
      open.push_back(name);
    }
  }
  return open.empty() ? "" : "<" + open.back() + "> is never closed";
}

/// How often each id is given.
inline std::map<std::string, int> ids(const std::string& text) {
  std::map<std::string, int> counts;
  for (std::size_t at = text.find(" id="); at != std::string::npos; at = text.find(" id=", at + 1)) {
    ++counts[text.substr(at + 5, text.find(text[at + 4], at + 5) - at - 5)];
  }
  return counts;
}

/// How often `part` occurs in `text`.
inline int occurrences(const std::string& text, const std::string& part) {
  int count = 0;
  for (std::size_t at = text.find(part); at != std::string::npos; at = text.find(part, at + part.size()))
    ++count;
  return count;
}

inline std::string contents(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file) throw std::runtime_error("no file " + path.string());
  return {std::istreambuf_iterator<char>(file), {}};
}

/// A new empty folder, removed with all it holds.
class TemporaryFolder {
 public:
  TemporaryFolder() {
    std::string name = (std::filesystem::temp_directory_path() / "lazytrain-XXXXXX").string();
    if (::mkdtemp(name.data()) == nullptr) throw std::runtime_error("mkdtemp failed");
    path_ = name;
  }
  TemporaryFolder(const TemporaryFolder&) = delete;
  TemporaryFolder& operator=(const TemporaryFolder&) = delete;
  ~TemporaryFolder() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  std::filesystem::path operator/(const std::string& name) const { return path_ / name; }
  /// Number of entries.
  auto size() const {
    return std::distance(std::filesystem::directory_iterator(path_), std::filesystem::directory_iterator());
  }

 private:
  std::filesystem::path path_;
};

}  // namespace lazytrain::testing
