#!/bin/sh
# Builds and tests the project: `sh tests/run.sh [--all]`.
#
# On Debian 12 it first installs what is missing (as root or with sudo). Then the tests run: those of the layers that handle memory
# themselves in Debug under clang's sanitizers; the others in Release by clang, with every header alone; the examples and the tests
# of the core in Release by g++, which takes longer. Where nvcc 12 or later is found follows the preset cuda, whose tests are
# skipped where there is no device. With --all every test runs in every preset, sizes and precisions that repeat what takes long
# included, networks also on the simulated device, and with the sanitizers' checks of null pointers and alignment: also gcc-debug,
# headers one by one, the benchmarks' build and, without a device too, that of the examples by nvcc.
# Tests of real data run where LAZYTRAIN_DATA names a folder of them. The last line is `N passed, N failed`, without those that
# were skipped; the exit status is 0 if nothing failed.

set -u
cd "$(dirname "$0")/.." || exit 1

presets="gcc clang sanitize"
all=no
case "${1-}" in
  "") ;;
  --all)
    all=yes
    presets="gcc clang sanitize gcc-debug release"
    ;;
  *)
    echo "usage: sh tests/run.sh [--all]" >&2
    exit 2
    ;;
esac

packages="g++ clang cmake ninja-build libeigen3-dev catch2 libbenchmark-dev nlohmann-json3-dev libcli11-dev zlib1g-dev
  gnuplot-nox python3 ccache libclang-rt-14-dev clang-format clang-tidy"

. cmake/install_missing.sh

# has_nvcc: whether there is one that compiles C++20.
has_nvcc() {
  nvcc=$(command -v nvcc || echo /usr/local/cuda/bin/nvcc)
  [ -x "$nvcc" ] && [ "$("$nvcc" --version | sed -n 's/.*release \([0-9]*\)\..*/\1/p')" -ge 12 ]
}
if has_nvcc; then
  presets="$presets cuda"
fi

has_device() { [ -e /dev/nvidiactl ]; }

passed=0
failed=0
skipped=0

# check <name> <command>...: one test, silent when it passes.
check() {
  name="$1"
  shift
  if output=$("$@" 2>&1); then
    passed=$((passed + 1))
    echo "passed: $name"
  else
    failed=$((failed + 1))
    echo "$output"
    echo "FAILED: $name"
  fi
}

sources() {
  if git ls-files --error-unmatch CMakeLists.txt >/dev/null 2>&1; then
    git ls-files '*.hpp' '*.cpp' '*.cuh' '*.cu' '*.h'
  else
    find include tests examples benchmarks -name '*.hpp' -o -name '*.cpp' -o -name '*.cuh' -o -name '*.cu' -o -name '*.h'
  fi
}

check_format() { sources | xargs clang-format --dry-run -Werror; }

# short <preset>: the options of a run without --all.
short() {
  echo "-DLAZYTRAIN_TEST_SHORT=ON"
  case "$1" in
    gcc) echo "-DLAZYTRAIN_TEST_FOLDERS=core -DLAZYTRAIN_TEST_OPTIMIZED=core" ;; # one file, without a precompiled header
    clang) # Optimized where running takes longer than optimizing does.
      echo "-DLAZYTRAIN_TEST_FOLDERS=linalg;loss;report;model;kernel;flow;lazy;cuda -DLAZYTRAIN_BUILD_EXAMPLES=OFF"
      echo "-DLAZYTRAIN_TEST_OPTIMIZED=linalg;lazy"
      echo "-DCMAKE_CXX_FLAGS_RELEASE=-DNDEBUG"
      ;;
    sanitize) # No lines in reports; null pointers and misaligned vectors end a program without these checks too.
      echo "-DLAZYTRAIN_TEST_FOLDERS=core;backend;autodiff;data;nn -DLAZYTRAIN_TEST_HEADERS=OFF"
      echo "-DLAZYTRAIN_TEST_BATCH=64"
      echo "-DCMAKE_CXX_FLAGS_DEBUG=-O0 -DLAZYTRAIN_SANITIZE_WITHOUT=null,alignment"
      ;;
    cuda) has_device || echo "-DLAZYTRAIN_TEST_WITHOUT_DEVICE=ON" ;;
  esac
}

# build <preset>: configures and builds whatever can be built.
build() {
  options=""
  targets=""
  if [ "$all" = no ]; then
    options=$(short "$1")
    if [ "$1" = cuda ] && ! has_device; then targets="--target lazytrain_test_cuda"; fi
  fi
  # shellcheck disable=SC2086 # lists of words
  check "$1: configure" cmake --preset "$1" $options
  # shellcheck disable=SC2086
  check "$1: build" cmake --build --preset "$1" $targets -- -k 0
}

# The tests that run in the background end with this script.
tests=""
trap '[ -z "$tests" ] || kill "$tests" 2>/dev/null' EXIT
trap 'exit 130' INT TERM

# begin_tests <preset>: in the background, for the last of them leave processors idle.
begin_tests() {
  running="$1"
  ctest --preset "$1" -j "$(nproc)" >"build/$1/ctest.log" 2>&1 &
  tests=$!
}

# end_tests: adds CTest's numbers.
end_tests() {
  wait
  tests=""
  log="build/$running/ctest.log"
  grep -v '   Passed  ' "$log"
  # CTest counts them among the passed.
  not_run=$(grep -c '(Skipped)$' "$log")
  skipped=$((skipped + not_run))
  summary=$(sed -n 's/^[0-9]*% tests passed, \([0-9]*\) tests failed out of \([0-9]*\)$/\1 \2/p' "$log")
  # shellcheck disable=SC2086 # two numbers
  set -- ${summary:-1 1}
  failed=$((failed + $1))
  passed=$((passed + $2 - $1 - not_run))
}

# shellcheck disable=SC2086 # a list of words
if ! install_missing $packages; then
  echo "some packages could not be installed; going on without them" >&2
fi
check "clang-format" check_format
running=""
for preset in $presets; do
  build "$preset"
  if [ -n "$running" ]; then end_tests; fi
  begin_tests "$preset"
done
end_tests

if [ "$skipped" -gt 0 ]; then
  echo "$skipped skipped"
fi
echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ]
