"""Runs an example at a tiny size and compares the JSON that it writes with stored values.

    example.py check     <program> <stored.json>   fails with one line for every difference
    example.py store     <program> <stored.json>   writes the values of a run to the file
    example.py self-test                           fails unless differences are found

The stored file holds the program's arguments, the keys to compare, a relative tolerance, where it comes from, and the values.
`"tolerances"` has others, for values within a key: {"layers": 0.01}.
Words are not compared. Programs with a sweep (`"sweep": true`) also run on two threads and from what an interrupted run leaves:
the same bytes must come out, and nothing that was finished is computed again. Finished points are the files points/*.json of the
output folder, or those of the pattern `"points"`.
"""

import json
import math
import pathlib
import subprocess
import sys
import tempfile


def differences(expected, actual, tolerance, place="", tolerances=None):
    """Lines that say where two JSON values differ; numbers are compared relatively, words not at all."""
    tolerances = tolerances or {}
    if isinstance(expected, str) and isinstance(actual, str):
        return
    if isinstance(expected, dict) and isinstance(actual, dict):
        for key in sorted(expected.keys() | actual.keys()):
            if key in expected and key in actual:
                its = tolerances.get(key, tolerance)
                yield from differences(expected[key], actual[key], its, f"{place}/{key}", tolerances)
            else:
                yield f"{place}/{key}: only in the {'stored' if key in expected else 'new'} values"
    elif isinstance(expected, list) and isinstance(actual, list):
        if len(expected) != len(actual):
            yield f"{place}: {len(actual)} values, expected {len(expected)}"
        for i, (one, other) in enumerate(zip(expected, actual)):
            yield from differences(one, other, tolerance, f"{place}/{i}", tolerances)
    elif isinstance(expected, bool) or isinstance(actual, bool) or expected is None or actual is None:
        if expected is not actual:
            yield f"{place}: {actual}, expected {expected}"
    elif isinstance(expected, (int, float)) and isinstance(actual, (int, float)):
        if not math.isclose(expected, actual, rel_tol=tolerance, abs_tol=0):
            yield f"{place}: {actual!r}, expected {expected!r} to a relative {tolerance}"
    else:
        yield f"{place}: {actual!r}, expected {expected!r}"


def run(program, stored, folder, *options):
    """Runs the program in `folder`; the text of the JSON it writes."""
    name = pathlib.Path(program).name
    subprocess.run([program, *stored["arguments"], "--out", str(folder), *options], check=True, capture_output=True, text=True)
    for suffix in ("svg", "csv"):
        path = folder / f"{name}.{suffix}"
        if not path.is_file() or path.stat().st_size == 0:
            raise SystemExit(f"{name} wrote no {suffix} file")
    return (folder / f"{name}.json").read_text(encoding="utf-8")


def sweep_failures(program, stored, root, text):
    """What is wrong with other numbers of threads and with resuming the run in root/first."""
    if run(program, stored, root / "threads", "--threads", "2") != text:
        yield "two threads give another JSON file than one"
    points = sorted((root / "first").glob(stored.get("points", "points/*.json")))
    if len(points) < 3:
        yield f"a sweep stores every finished point, found {len(points)}"
        return
    points[0].unlink()
    points[1].write_text('{"settings": {')
    before = {path: path.stat().st_mtime_ns for path in points[2:]}
    if run(program, stored, root / "first", "--threads", "1") != text:
        yield "a run that goes on after an interruption gives another JSON file"
    for path, time in before.items():
        if path.stat().st_mtime_ns != time:
            yield f"{path.name} was finished and is computed again"
    if not points[0].is_file():
        yield f"{points[0].name} was missing and is not stored"


def check(program, stored):
    with tempfile.TemporaryDirectory() as name:
        root = pathlib.Path(name)
        text = run(program, stored, root / "first", *(["--threads", "1"] if stored["sweep"] else []))
        new = json.loads(text)
        found = {key: new.get(key) for key in stored["keys"]}
        yield from differences(stored["values"], found, stored["tolerance"], tolerances=stored.get("tolerances"))
        if stored["sweep"]:
            yield from sweep_failures(program, stored, root, text)


def store(program, path, stored):
    with tempfile.TemporaryDirectory() as name:
        new = json.loads(run(program, stored, pathlib.Path(name)))
    stored["values"] = {key: new[key] for key in stored["keys"]}
    path.write_text(json.dumps(stored, indent=1) + "\n", encoding="utf-8")


def self_test():
    value = {"a": [1.0, 2.0], "b": True, "c": "words", "d": {"e": 3}}
    same = {"a": [1.0 + 1e-12, 2.0], "b": True, "c": "other words", "d": {"e": 3}}
    changed = [
        {**value, "a": [1.0, 2.0001]},
        {**value, "a": [1.0]},
        {**value, "b": False},
        {**value, "b": 1},
        {**value, "c": 3},
        {**value, "d": {}},
        {**value, "d": {"e": 3, "f": 0}},
        {**value, "a": [float("nan"), 2.0]},
    ]
    if list(differences(value, same, 1e-9)):
        yield "differences within the tolerance, or of words, are reported"
    near = {**value, "d": {"e": 3.01}}
    if list(differences(value, near, 1e-9, tolerances={"d": 1e-2})):
        yield "a key's own tolerance is not taken"
    if not list(differences(value, near, 1e-9, tolerances={"a": 1e-2})):
        yield "another key's tolerance is taken"
    for other in changed:
        if not list(differences(value, other, 1e-9)):
            yield f"{other} is taken for {value}"


def main():
    mode = sys.argv[1]
    if mode == "self-test":
        failures = list(self_test())
    else:
        path = pathlib.Path(sys.argv[3])
        stored = json.loads(path.read_text(encoding="utf-8"))
        if mode == "store":
            store(sys.argv[2], path, stored)
            return
        failures = list(check(sys.argv[2], stored))
    for failure in failures:
        print(failure)
    if failures:
        raise SystemExit(1)


main()
