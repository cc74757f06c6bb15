"""Kills a training program at several moments, starts it again, and compares the end with an undisturbed run.

    interrupted.py <figure_3a> <folder to work in>

The files must agree byte for byte, and a run may never fall behind what its file showed when it was killed: at most
the epoch (or the iterations of conjugate gradients) under way is lost. Exit status 77: gnuplot is missing.
"""

import json
import pathlib
import shutil
import signal
import subprocess
import sys
import time

EPOCHS = 3
ITERATIONS = 12
RUNS = {"alpha_1_step_1.json": EPOCHS, "alpha_inf_step_1.json": EPOCHS, "linearized.json": ITERATIONS}


def command(program, folder):
    options = {"--width": 0.05, "--train": 64, "--test": 32, "--batch": 32, "--epochs": EPOCHS, "--alpha": "1,inf",
               "--steps": 1, "--threads": 1, "--solve": ITERATIONS, "--out": folder}
    return [program] + [str(word) for option in options.items() for word in option]


def progress(folder):
    """Rows that every run's file shows. The files are replaced atomically: whenever they exist they are whole."""
    rows = {}
    for name in RUNS:
        file = folder / "runs" / name
        rows[name] = len(json.loads(file.read_bytes())) if file.exists() else 0
    return rows


def run_until(program, folder, rows, delay):
    """Runs until the files show `rows` rows in all, and `delay` seconds more; then kills. Whether it had ended."""
    before = progress(folder)
    process = subprocess.Popen(command(program, folder), stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
    kill_at = None
    while process.poll() is None:
        now = progress(folder)
        for name, count in before.items():
            if now[name] < count:
                process.kill()
                sys.exit(f"{name} went back from {count} to {now[name]} rows after a kill")
        if kill_at is None and sum(now.values()) >= rows:
            kill_at = time.monotonic() + delay
        if kill_at is not None and time.monotonic() >= kill_at:
            process.send_signal(signal.SIGKILL)
            process.wait()
            return False
        time.sleep(0.001)
    if process.returncode != 0:
        sys.exit(f"the program failed: {process.stderr.read().decode()}")
    return True


def files(folder):
    names = ["figure_3a.json", "figure_3a.csv"] + ["runs/" + name for name in RUNS]
    return {name: (folder / name).read_bytes() for name in names}


def main():
    program, work = sys.argv[1], pathlib.Path(sys.argv[2])
    if shutil.which("gnuplot") is None:
        sys.exit(77)
    shutil.rmtree(work, ignore_errors=True)
    work.mkdir(parents=True)
    begin = time.monotonic()
    subprocess.run(command(program, work / "whole"), check=True, stdout=subprocess.DEVNULL)
    seconds = time.monotonic() - begin
    whole = files(work / "whole")
    for name, rows in RUNS.items():
        found = len(json.loads(whole["runs/" + name]))
        if found != rows:
            sys.exit(f"{name} has {found} rows, expected {rows}")

    # Before anything is written, right after a file changed, within an epoch, between two runs, in the solver.
    epoch = seconds / (2 * EPOCHS + ITERATIONS)
    moments = [(0, 0.5 * epoch), (1, 0), (2, 0.4 * epoch), (EPOCHS, 0), (EPOCHS + 1, 0.8 * epoch),
               (2 * EPOCHS, 0.3 * epoch), (2 * EPOCHS + 2, 0), (2 * EPOCHS + 4, 0.5 * epoch)]
    kills = sum(not run_until(program, work / "killed", rows, delay) for rows, delay in moments)
    if kills < len(moments) - 1:
        sys.exit(f"only {kills} of {len(moments)} runs could be killed: they ended before")
    if not run_until(program, work / "killed", float("inf"), 0):
        sys.exit("the last run did not end")
    for name, content in files(work / "killed").items():
        if content != whole[name]:
            sys.exit(f"{name} differs from that of a run that was not killed")
    print(f"{kills} kills, {len(whole)} files equal")


main()
