#!/bin/sh
# The main job: `sh examples/run.sh [options of lazy_report]` builds and runs examples/lazy_report.
#
# On Debian 12 it first installs what is missing (as root or with sudo). `sh examples/run.sh --help` explains every option.

set -eu
here=$(pwd)
cd "$(dirname "$0")/.."
. cmake/install_missing.sh
if ! install_missing g++ cmake ninja-build libeigen3-dev nlohmann-json3-dev libcli11-dev zlib1g-dev gnuplot-nox; then
  echo "some packages could not be installed; going on without them" >&2
fi

log=$(mktemp)
trap 'rm -f "$log"' EXIT
if ! { cmake -S . -B build/examples -G Ninja -DCMAKE_BUILD_TYPE=Release -DLAZYTRAIN_BUILD_TESTS=OFF &&
  cmake --build build/examples --target lazy_report; } >"$log" 2>&1; then
  cat "$log" >&2
  exit 1
fi
program=$(pwd)/build/examples/examples/lazy_report
cd "$here"
"$program" "$@"
