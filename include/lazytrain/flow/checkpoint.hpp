#pragma once

#include <bit>
#include <cstdint>
#include <cstring>
#include <fstream>
#include <iterator>
#include <lazytrain/core/error.hpp>
#include <lazytrain/core/fnv.hpp>
#include <lazytrain/core/types.hpp>
#include <lazytrain/core/vector.hpp>
#include <lazytrain/report/atomic_file.hpp>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace lazytrain {

/// Named arrays of numbers from which a run goes on with the same bits. Floats are kept as doubles, exactly.
///
/// On disk: the magic "LAZYTRAIN-CHECKPOINT-1\n", then for each array the length of its name (8 bytes), the
/// name, the number of values (8 bytes) and the values (8 bytes each), all little-endian, and a checksum
/// (FNV-1a, 8 bytes).
class Checkpoint {
 public:
  void set(const std::string& name, double value) { arrays_[name] = {value}; }
  void set(const std::string& name, Index value) { arrays_[name] = {static_cast<double>(value)}; }
  template <class S>
  void set(const std::string& name, const Vector<S>& values) {
    auto& array = arrays_[name];
    array.resize(static_cast<std::size_t>(values.size()));
    for (std::size_t i = 0; i < array.size(); ++i)
      array[i] = static_cast<double>(values(static_cast<Index>(i)));
  }

  template <VectorElsewhere V>
  void set(const std::string& name, const V& values) {
    set(name, to_host(values));
  }

  void set(const std::string& name, const std::string& words) {
    arrays_[name].assign(words.begin(), words.end());
  }

  [[nodiscard]] bool has(const std::string& name) const { return arrays_.contains(name); }

  /// @throws std::runtime_error if there is no array of this name with one value
  [[nodiscard]] double number(const std::string& name) const { return array(name, 1).front(); }
  [[nodiscard]] Index integer(const std::string& name) const { return static_cast<Index>(number(name)); }

  /// All numbers of an array. @throws std::runtime_error if there is none of this name
  [[nodiscard]] const std::vector<double>& values(const std::string& name) const {
    const auto found = arrays_.find(name);
    if (found == arrays_.end()) {
      raise<std::runtime_error>("Checkpoint", "there is no array '", name, "'", origin());
    }
    return found->second;
  }
  /// A text. @throws std::runtime_error if there is none of this name
  [[nodiscard]] std::string words(const std::string& name) const {
    std::string text;
    for (const double value : values(name)) text += static_cast<char>(value);
    return text;
  }

  /// Writes an array to `out`. @throws std::runtime_error if there is none of this name and size
  template <class S>
  void get(const std::string& name, Vector<S>& out) const {
    const auto& values = array(name, static_cast<std::size_t>(out.size()));
    for (std::size_t i = 0; i < values.size(); ++i) out(static_cast<Index>(i)) = static_cast<S>(values[i]);
  }

  /// `out` has the array's size; it is set from the host.
  template <VectorElsewhere V>
  void get(const std::string& name, V& out) const {
    Vector<typename V::Scalar> host(dimension(out));
    get(name, host);
    from_host(host, out);
  }

  /// Replaces the file at `path`, atomically. @throws std::runtime_error with the path
  void write(const std::string& path) const {
    std::string bytes(magic);
    for (const auto& [name, values] : arrays_) {
      append(bytes, name.size());
      bytes += name;
      append(bytes, values.size());
      for (const double value : values) append(bytes, std::bit_cast<std::uint64_t>(value));
    }
    append(bytes, fnv1a(bytes));
    report::write_atomically(path, bytes);
  }

  /// @throws std::runtime_error with the path if the file cannot be read or is damaged
  [[nodiscard]] static Checkpoint read(const std::string& path) {
    std::ifstream file(path, std::ios::binary);
    if (!file) raise<std::runtime_error>("Checkpoint::read", "'", path, "' cannot be opened");
    const std::string bytes((std::istreambuf_iterator<char>(file)), std::istreambuf_iterator<char>());
    Reader reader{bytes, path};
    reader.require(bytes.starts_with(magic), "does not begin with the magic bytes");
    reader.require(bytes.size() >= magic.size() + 8, "is truncated");
    reader.at = reader.end = bytes.size() - 8;
    const std::uint64_t expected = fnv1a(reader.bytes.substr(0, reader.end));
    reader.end = bytes.size();
    reader.require(reader.number() == expected, "has a wrong checksum");
    reader.at = magic.size();
    reader.end = bytes.size() - 8;
    Checkpoint checkpoint;
    checkpoint.path_ = path;
    while (reader.at < reader.end) {
      const std::string name(reader.take(reader.number()));
      const std::uint64_t count = reader.number();
      reader.require(count <= (reader.end - reader.at) / 8, "has an array beyond its end");
      std::vector<double> values(static_cast<std::size_t>(count));
      for (double& value : values) value = std::bit_cast<double>(reader.number());
      checkpoint.arrays_[name] = std::move(values);
    }
    return checkpoint;
  }

  /// The same arrays with the same numbers.
  [[nodiscard]] friend bool operator==(const Checkpoint& a, const Checkpoint& b) {
    return a.arrays_ == b.arrays_;
  }

 private:
  static constexpr std::string_view magic = "LAZYTRAIN-CHECKPOINT-1\n";

  static void append(std::string& bytes, std::uint64_t value) {
    for (int shift = 0; shift < 64; shift += 8) bytes += static_cast<char>((value >> shift) & 0xFF);
  }
  /// Takes fields from a file that may be damaged.
  struct Reader {
    std::string_view bytes;
    const std::string& path;
    std::size_t at = 0;
    std::size_t end = 0;

    void require(bool condition, const char* what) const {
      if (!condition) {
        raise<std::runtime_error>("Checkpoint::read", "'", path, "' (", bytes.size(), " bytes) ", what,
                                  ", expected a whole checkpoint");
      }
    }
    std::string_view take(std::uint64_t count) {
      require(count <= end - at, "has a field beyond its end");
      const std::string_view field = bytes.substr(at, static_cast<std::size_t>(count));
      at += field.size();
      return field;
    }
    std::uint64_t number() {
      std::uint64_t value = 0;
      int shift = 0;
      for (const char byte : take(8)) {
        value |= static_cast<std::uint64_t>(static_cast<unsigned char>(byte)) << shift;
        shift += 8;
      }
      return value;
    }
  };

  [[nodiscard]] const std::vector<double>& array(const std::string& name, std::size_t size) const {
    const std::vector<double>& found = values(name);
    if (found.size() != size) {
      raise<std::runtime_error>("Checkpoint", "array '", name, "'", origin(), " has size ", found.size(),
                                ", expected ", size);
    }
    return found;
  }
  [[nodiscard]] std::string origin() const { return path_.empty() ? "" : " in '" + path_ + "'"; }

  std::string path_;
  std::map<std::string, std::vector<double>> arrays_;
};

}  // namespace lazytrain
