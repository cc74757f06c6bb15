#!/bin/sh
# Builds and tests the project: `sh tests/run.sh [--all]`.
#
# On Debian 12 it first installs what is missing (as root or with sudo). Then the tests run: those of the layers that handle memory
# themselves in Debug under clang's sanitizers, with every header alone; the others in Release by clang; the examples and the tests
# of the core in Release by g++, which takes longer. Where nvcc 12 or later is found follows the preset cuda, whose tests are
# skipped where there is no device. With --all every test runs in every preset, algorithms on executors also in single precision and
# networks also on the simulated device: also gcc-debug, clang-tidy and the benchmarks' build.
# Tests of real data run where LAZYTRAIN_DATA names a folder of them. The last line is `N passed, N failed`, without those that
# were skipped; the exit status is 0 if nothing failed.

set -u
cd "$(dirname "$0")/.." || exit 1

presets="gcc clang sanitize"
all=no
short=ON
case "${1-}" in
  "") ;;
  --all)
    all=yes
    short=OFF
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

check_tidy() {
  find build/sanitize/tests/architecture/alone -name '*.cpp' |
    xargs -P "$(nproc)" -n 4 clang-tidy --quiet -p build/sanitize
}

# run_preset <preset>: configures, builds whatever can be built and adds CTest's numbers.
run_preset() {
  folders=""
  option=""
  case "$1 $all" in
    "sanitize no")
      folders="core;backend;autodiff;data;nn"
      option=-DCMAKE_CXX_FLAGS_DEBUG=-O0 # lines in reports take time
      ;;
    "gcc no") folders=core ;;
    "clang no") folders="linalg;loss;report;model;kernel;flow;lazy;cuda" option=-DLAZYTRAIN_BUILD_EXAMPLES=OFF ;;
    "clang yes") option=-DLAZYTRAIN_BUILD_EXAMPLES=ON ;; # not what an earlier run left
    cuda*)
      folders=cuda
      option=-DLAZYTRAIN_TEST_WITHOUT_DEVICE=OFF
      if [ "$all" = no ] && ! [ -e /dev/nvidiactl ]; then option=-DLAZYTRAIN_TEST_WITHOUT_DEVICE=ON; fi
      ;;
  esac
  # shellcheck disable=SC2086 # nothing, or one word
  check "$1: configure" cmake --preset "$1" "-DLAZYTRAIN_TEST_FOLDERS=$folders" "-DLAZYTRAIN_TEST_SHORT=$short" $option
  check "$1: build" cmake --build --preset "$1" -- -k 0
  log="build/$1/ctest.log"
  ctest --preset "$1" -j "$(nproc)" >"$log" 2>&1
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
for preset in $presets; do
  run_preset "$preset"
done
if [ "$all" = yes ]; then
  check "clang-tidy" check_tidy
fi

if [ "$skipped" -gt 0 ]; then
  echo "$skipped skipped"
fi
echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ]
