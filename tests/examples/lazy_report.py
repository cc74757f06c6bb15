"""The main job at a tiny size: what it keeps, what it makes again, and what its verdict says of runs that decide nothing.

    lazy_report.py <lazy_report> <folder to work in>
"""

import json
import pathlib
import shutil
import subprocess
import sys

TINY = ["--train", "20", "--test", "20", "--neurons", "8", "--dimension", "3", "--time", "50", "--samples", "8"]
REFUSED = {  # what must be in the message
    ("--alpha", "0"): "--alpha is 0, expected positive numbers or inf",
    ("--alpha", "nan"): "--alpha is nan",
    ("--tau", "0"): "--tau is 0, expected a positive number",
    ("--dimension", "0"): "--dimension is 0, expected 1 to 1000000000",
    ("--time", "-5"): "--time is -5",
    ("--lazy-below", "nan"): "--lazy-below is nan",
    ("--train", "-5"): "--train is -5",
    ("--data", "teacher:5"): "--data is 'teacher:5'",
    ("--task", "classes"): "--task is classes, expected regression or auto for teacher",
}
failures = 0


def expect(holds, what):
    global failures
    if not holds:
        failures += 1
        print(f"FAILED: {what}")


def run(program, folder, *options):
    return subprocess.run([program, *TINY, "--out", str(folder), *options], capture_output=True, text=True, check=False)


def words(program, folder, *options):
    """The verdict of a run, which must succeed."""
    done = run(program, folder, *options)
    expect(done.returncode == 0, f"exit status {done.returncode} of {options}: {done.stderr}")
    return json.loads((folder / "report.json").read_bytes())["verdict"]["words"]


def edited(file, edit):
    stored = json.loads(file.read_bytes())
    edit(stored["result"])
    file.write_text(json.dumps(stored), encoding="utf-8")


def main(program, folder):
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)

    out = folder / "teacher"
    scales = ["--alpha", "100,1,inf,1"]
    first = words(program, out, *scales)
    expect(first.startswith(("Lazy: as it is scaled now", "Not lazy: as it is scaled now")), first)
    one, hundred = out / "alpha_1.json", out / "alpha_100.json"
    made, made_hundred = one.read_bytes(), hundred.read_bytes()
    stamps = [one.stat().st_mtime_ns, hundred.stat().st_mtime_ns]
    expect(words(program, out, *scales) == first, "a second run says the same")
    expect([one.stat().st_mtime_ns, hundred.stat().st_mtime_ns] == stamps, "a second run trains nothing again")
    expect("every finite" not in words(program, out, "--alpha", "inf"), "nothing is said of scales that were not tried")

    # Runs that decide nothing.
    def empty(stored):
        stored.update(complete=False, message="stopped")
        for name in ["times", "train_loss", "test_loss", "distances", "output_distances"]:
            stored[name] = []
        for name in ["sup_displacement", "sup_distance", "sup_output_distance"]:
            stored[name] = {"value": "nan", "numerical_error": "nan"}

    def broken_off(stored):
        stored.update(complete=False, message="stopped")
        stored["sup_output_distance"] = {"value": 1e-6, "numerical_error": 0.0}

    def far(stored):
        stored.update(complete=False, message="stopped")
        stored["sup_output_distance"] = {"value": 1e6, "numerical_error": 0.0}

    def inexact(stored):
        stored["sup_output_distance"] = {"value": 1e-6, "numerical_error": 1e6}

    for edit, beginning, within in [(empty, "Not decided", "the run ended before its first sample"),
                                    (broken_off, "Not decided", "the run stopped at t = "),
                                    (far, "Not lazy: as it is scaled now", ""),
                                    (inexact, "Not decided", "with a numerical error of")]:
        one.write_bytes(made)
        edited(one, edit)
        said = words(program, out, *scales)
        expect(said.startswith(beginning) and within in said, f"{edit.__name__}: {said}")
        if edit is not inexact:
            expect("Runs that did not reach the end are left out" in said, f"{edit.__name__}, the cost: {said}")

    # What is not what this program wrote is made again.
    for content in [b"", b"[]", b"null", b'{"settings": 1}', made_hundred, made[: len(made) // 2]]:
        one.write_bytes(content)
        expect(words(program, out, *scales) == first and one.read_bytes() == made, f"{content[:20]!r} is made again")

    # So is what was made of other data that go by the same name.
    table = folder / "table.csv"

    def write(factor):
        rows = [f"{x},{y},{factor * (x - 2 * y * y)}" for x in (-1, -0.5, 0, 0.5, 1, 1.5) for y in (-1, -0.3, 0.2, 0.4, 0.7, 1, 1.2)]
        table.write_text("x,y,z\n" + "\n".join(rows) + "\n", encoding="utf-8")

    data = ["--data", f"csv:{table}", "--alpha", "1,inf"]
    write(1)
    words(program, folder / "csv", *data)
    write(20)
    expect(words(program, folder / "csv", *data) == words(program, folder / "fresh", *data), "other data, other results")
    write(0)
    done = run(program, folder / "zero", *data)
    expect(done.returncode == 1 and "nothing to learn" in done.stderr, f"zero targets: {done.stderr}")
    write(0.5)
    done = run(program, folder / "halves", *data, "--task", "classes")
    expect(done.returncode == 1 and "expected an integer" in done.stderr, f"classes that are no integers: {done.stderr}")

    for options, message in REFUSED.items():
        done = subprocess.run([program, "--out", str(folder / "refused"), *options], capture_output=True, text=True, check=False)
        expect(done.returncode == 1 and message in done.stderr, f"{options}: {done.stderr}")
    return min(failures, 1)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], pathlib.Path(sys.argv[2])))
