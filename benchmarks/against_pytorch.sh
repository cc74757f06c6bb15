#!/bin/sh
# Ours against PyTorch, alternately: VGG-11 on the CPU, a training step on 128 images and the tangent kernel of
# 32 images x 10 outputs.
#
#     benchmarks/against_pytorch.sh build/release/benchmarks/benchmark_network [pairs] [threads] [cases]
#
# pairs: 3; threads: 2; cases: "float:step double:step float:kernel". Prints ratios PyTorch / ours of wall and
# of processor time, medians of the pairs, and the peak memory. On a machine that does other work only
# processor time with threads = 1 is meaningful. PYTHON is python3 with torch.
set -eu
ours=${1:?usage: against_pytorch.sh benchmark_network [pairs] [threads] [cases]}
pairs=${2:-3} threads=${3:-2} cases=${4:-"float:step double:step float:kernel"}
here=$(dirname "$0") python=${PYTHON:-python3}
export OPENBLAS_NUM_THREADS=1

for case in $cases; do
  scalar=${case%:*} task=${case#*:}
  name=step_standard
  [ "$task" = kernel ] && name=kernel_32_planned
  # Argument 0 of ours is all processors.
  argument=$threads
  [ "$threads" = "$(nproc)" ] && argument=0
  lines=$(mktemp)
  for pair in $(seq "$pairs"); do
    "$ours" --benchmark_filter="^$scalar/$name/$argument/" --benchmark_min_time=0.01 --benchmark_format=json \
      2>/dev/null | tr -d '\n' >>"$lines"
    echo >>"$lines"
    "$python" "$here/pytorch_vgg11.py" "$scalar" "$task" "$threads" 1 >>"$lines"
  done
  "$python" - "$case" "$threads" "$lines" <<'PY'
import json
import statistics
import sys

lines = [json.loads(line) for line in open(sys.argv[3])]
pairs = [(ours["benchmarks"][0], torch) for ours, torch in zip(lines[::2], lines[1::2])]
median = statistics.median
ours_wall = median(ours["real_time"] for ours, _ in pairs) / 1e3
ours_cpu = median(ours["cpu_time"] for ours, _ in pairs) / 1e3
print(f"{sys.argv[1]}, {sys.argv[2]} thread(s), {len(pairs)} pairs: PyTorch / ours "
      f"{median(t['wall_s'] / o['real_time'] * 1e3 for o, t in pairs):.2f} wall, "
      f"{median(t['cpu_s'] / o['cpu_time'] * 1e3 for o, t in pairs):.2f} processor; "
      f"ours {ours_wall:.3f} s wall, {ours_cpu:.3f} s processor, {median(o['peak_MiB'] for o, _ in pairs):.0f} MiB; "
      f"PyTorch {median(t['wall_s'] for _, t in pairs):.3f} s, {median(t['cpu_s'] for _, t in pairs):.3f} s, "
      f"{median(t['peak_MiB'] for _, t in pairs):.0f} MiB")
PY
  rm -f "$lines"
done
