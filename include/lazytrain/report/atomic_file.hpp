#pragma once

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstddef>
#include <filesystem>
#include <lazytrain/core/error.hpp>
#include <span>
#include <stdexcept>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>

/// Files that are whole at every moment: a reader, or a run that was killed, never sees half of one.
namespace lazytrain::report {

namespace detail {

[[noreturn]] inline void raise_errno(std::string_view function, std::string_view action,
                                     const std::filesystem::path& path, int error) {
  raise<std::runtime_error>(function, "cannot ", action, " ", path.string(), ": ",
                            std::generic_category().message(error));
}

inline void create_parent(std::string_view function, const std::filesystem::path& path) {
  if (!path.has_parent_path()) return;
  std::error_code error;
  std::filesystem::create_directories(path.parent_path(), error);
  if (error) raise_errno(function, "create the folder of", path, error.value());
}

/// Makes the name of a new file as durable as its contents. Not every file system can: no error.
inline void sync_folder(const std::filesystem::path& path) {
  const std::filesystem::path folder = path.has_parent_path() ? path.parent_path() : ".";
  const int descriptor = ::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (descriptor < 0) return;
  ::fsync(descriptor);
  ::close(descriptor);
}

/// Owner of a file descriptor.
class Descriptor {
 public:
  explicit Descriptor(int value = -1) : value_(value) {}
  Descriptor(Descriptor&& other) noexcept : value_(std::exchange(other.value_, -1)) {}
  Descriptor& operator=(Descriptor&& other) noexcept {
    std::swap(value_, other.value_);
    return *this;
  }
  ~Descriptor() {
    if (value_ >= 0) ::close(value_);
  }

  [[nodiscard]] int get() const { return value_; }

  /// Closes now; the errno of close, or 0.
  int close() { return ::close(std::exchange(value_, -1)) == 0 ? 0 : errno; }

  /// Writes all of `bytes`; 0 or the errno of the write that failed.
  [[nodiscard]] int write(std::string_view bytes) const {
    while (!bytes.empty()) {
      const ::ssize_t count = ::write(value_, bytes.data(), bytes.size());
      if (count < 0 && errno == EINTR) continue;
      if (count < 0) return errno;
      bytes.remove_prefix(static_cast<std::size_t>(count));
    }
    return 0;
  }

 private:
  int value_;
};

}  // namespace detail

/// A file that appears under its name, complete and on disk, at `commit()` and not before.
///
/// It is written under a temporary name in the same folder; without `commit()` the destructor removes that
/// and what stood at `path` is untouched. Missing folders are created. Everything throws std::runtime_error
/// with the path and the system's reason.
class AtomicFile {
 public:
  explicit AtomicFile(std::filesystem::path path) : path_(std::move(path)) {
    detail::create_parent("report::AtomicFile", path_);
    for (int attempt = 0; file_.get() < 0; ++attempt) {
      temporary_ = path_;
      temporary_ += ".tmp" + std::to_string(::getpid()) + "-" + std::to_string(attempt);
      file_ = detail::Descriptor(::open(temporary_.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666));
      if (file_.get() < 0 && errno != EEXIST) {
        detail::raise_errno("report::AtomicFile", "create", temporary_, errno);
      }
    }
  }
  AtomicFile(const AtomicFile&) = delete;
  AtomicFile& operator=(const AtomicFile&) = delete;
  ~AtomicFile() {
    if (!temporary_.empty()) ::unlink(temporary_.c_str());
  }

  /// Appends bytes to the file to be.
  void write(std::string_view bytes) { check("write", file_.write(bytes)); }
  void write(std::span<const std::byte> bytes) {
    write(std::string_view(reinterpret_cast<const char*>(bytes.data()), bytes.size()));
  }

  /// Puts the file in place; nothing may be written afterwards.
  void commit() {
    check("flush", ::fsync(file_.get()) == 0 ? 0 : errno);
    check("close", file_.close());
    check("rename a temporary file to", ::rename(temporary_.c_str(), path_.c_str()) == 0 ? 0 : errno);
    temporary_.clear();
    detail::sync_folder(path_);
  }

 private:
  void check(std::string_view action, int error) const {
    if (error != 0) detail::raise_errno("report::AtomicFile", action, path_, error);
  }

  std::filesystem::path path_;
  std::filesystem::path temporary_;
  detail::Descriptor file_;
};

/// Replaces the file at `path` by `contents` in one step. @throws std::runtime_error, and then the old file
/// stands
inline void write_atomically(const std::filesystem::path& path, std::string_view contents) {
  AtomicFile file(path);
  file.write(contents);
  file.commit();
}

/// The same for bytes.
inline void write_atomically(const std::filesystem::path& path, std::span<const std::byte> contents) {
  AtomicFile file(path);
  file.write(contents);
  file.commit();
}

/// Appends rows to a text file, each whole or not at all: what a killed run leaves can be continued.
///
/// A torn last row, left by a machine that went down, is cut off on opening. One writer a file. Everything
/// throws std::runtime_error with the path and the reason.
class RowWriter {
 public:
  /// Opens or creates the file. With a `header`, an empty file gets it as first row, and another must begin
  /// with it; without, another must hold a whole row. What is refused is not touched.
  explicit RowWriter(std::filesystem::path path, std::string_view header = {}) : path_(std::move(path)) {
    detail::create_parent("report::RowWriter", path_);
    file_ = detail::Descriptor(::open(path_.c_str(), O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC, 0666));
    if (file_.get() < 0) fail("open", errno);
    struct ::stat status {};
    if (::fstat(file_.get(), &status) != 0) fail("examine", errno);
    size_ = whole_rows(status.st_size);
    check_beginning(status.st_size, header);
    if (size_ != status.st_size) cut();
    if (size_ == 0 && !header.empty()) write(header);
  }

  /// Appends `row` and a line feed. It survives the end of this process; `sync()` makes it survive the
  /// machine's. @throws std::invalid_argument if the row contains a line feed
  void write(std::string_view row) {
    require_argument(row.find('\n') == std::string_view::npos, "report::RowWriter::write", "row", row,
                     "a single line");
    const std::string line = std::string(row) + '\n';
    if (const int error = file_.write(line); error != 0) {
      cut();
      fail("append to", error);
    }
    size_ += static_cast<::off_t>(line.size());
  }

  /// Waits until all rows are on disk.
  void sync() {
    if (::fsync(file_.get()) != 0) fail("flush", errno);
  }

 private:
  /// Refuses a file of `size` bytes that this class cannot have written.
  void check_beginning(::off_t size, std::string_view header) const {
    if (header.empty()) {
      if (size > 0 && size_ == 0) {
        raise<std::runtime_error>("report::RowWriter", path_.string(), " holds no whole row, expected rows");
      }
      return;
    }
    const std::string first_row = std::string(header) + '\n';
    const std::string found = read(0, std::min(size, static_cast<::off_t>(first_row.size())));
    if (!first_row.starts_with(found)) {  // a header may be torn
      raise<std::runtime_error>("report::RowWriter", path_.string(), " has another header, expected ",
                                header);
    }
  }

  /// Size of the part of the file that ends with its last line feed.
  [[nodiscard]] ::off_t whole_rows(::off_t end) const {
    constexpr ::off_t block = 4096;
    while (end > 0) {
      const ::off_t begin = std::max<::off_t>(0, end - block);
      const std::size_t found = read(begin, end - begin).rfind('\n');
      if (found != std::string::npos) return begin + static_cast<::off_t>(found) + 1;
      end = begin;
    }
    return 0;
  }

  [[nodiscard]] std::string read(::off_t begin, ::off_t count) const {
    std::string bytes(static_cast<std::size_t>(count), '\0');
    const ::ssize_t got = ::pread(file_.get(), bytes.data(), bytes.size(), begin);
    if (got < 0) fail("read", errno);
    bytes.resize(static_cast<std::size_t>(got));
    return bytes;
  }

  void cut() {
    if (::ftruncate(file_.get(), size_) != 0) fail("cut a torn row from", errno);
  }

  [[noreturn]] void fail(std::string_view action, int error) const {
    detail::raise_errno("report::RowWriter", action, path_, error);
  }

  std::filesystem::path path_;
  detail::Descriptor file_;
  ::off_t size_ = 0;
};

}  // namespace lazytrain::report
