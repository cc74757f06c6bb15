"""Checks docs/equations.md and docs/errata.md against the tree.

    equations.py check     <project>   fails with one line for every violation
    equations.py self-test <project>   fails unless violations planted in a table are found

A row of the table of docs/equations.md names entities that exist in its header, comments apart, and a test that
exists. Every test that docs/errata.md names exists.
"""

import pathlib
import re
import sys


def rows(text):
    """(line number, statement, names, header, test) of every row of the table."""
    for number, line in enumerate(text.splitlines(), start=1):
        cells = [cell.strip() for cell in line.strip().strip("|").split("|")]
        if line.startswith("|") and len(cells) == 4 and cells[2].endswith(".hpp"):
            yield number, cells[0], re.findall(r"`(\w+)`", cells[1]), cells[2], cells[3]


def check_equations(text, project):
    found = 0
    for number, statement, names, header, test in rows(text):
        found += 1
        path = project / "include/lazytrain" / header
        if not path.is_file():
            yield f"equations.md:{number}: {header} does not exist"
            continue
        code = re.sub(r"//.*", "", path.read_text(encoding="utf-8"))
        if not names:
            yield f"equations.md:{number}: {statement} has no name"
        for name in names:
            if not re.search(rf"\b{name}\b", code):
                yield f"equations.md:{number}: {name} is not in {header}"
        if not (project / test).is_file():
            yield f"equations.md:{number}: {test} does not exist"
    if found == 0:
        yield "equations.md: has no table of statements"


def check_errata(text, project):
    tests = re.findall(r"tests/[\w/]+\.test\.cpp", text)
    if not tests:
        yield "errata.md: names no test"
    for test in sorted(set(tests)):
        if not (project / test).is_file():
            yield f"errata.md: {test} does not exist"


def check(project):
    docs = project / "docs"
    yield from check_equations((docs / "equations.md").read_text(encoding="utf-8"), project)
    yield from check_errata((docs / "errata.md").read_text(encoding="utf-8"), project)


def self_test(project):
    header, test = "core/error.hpp", "tests/architecture/equations.py"
    sound = f"| x | `require_size` | {header} | {test} |\n"
    if list(check_equations(sound, project)):
        yield "a sound table has violations"
    for planted, expected in [
        (sound.replace("require_size", "no_such_name"), "no_such_name is not in"),
        (sound.replace("`", ""), "has no name"),
        (sound.replace(header, "core/none.hpp"), "does not exist"),
        (sound.replace(test, "tests/none.test.cpp"), "does not exist"),
        ("no table", "has no table"),
    ]:
        if not any(expected in line for line in check_equations(planted, project)):
            yield f"{planted!r}: expected {expected!r}"
    if not list(check_errata("tests/none/none.test.cpp", project)):
        yield "errata.md: a missing test was not found"


def main():
    mode, project = sys.argv[1:]
    found = list({"check": check, "self-test": self_test}[mode](pathlib.Path(project)))
    print(*found, sep="\n")
    return len(found) > 0


if __name__ == "__main__":
    sys.exit(main())
