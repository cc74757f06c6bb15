"""Checks the rules of docs/contributing.md about files and includes.

    architecture.py check     <rule> <project>   fails with one line for every violation
    architecture.py self-test <rule> <project>   fails unless the rule finds violations planted in a copy

Rules: layers, includes, names, tests, umbrella.
"""

import pathlib
import re
import shutil
import sys
import tempfile

UMBRELLA = "lazytrain.hpp"

# What every header is given where it is compiled alone, with what that includes, and the names of it that a header may use only if it includes it.
NAMES = {
    "array": r"std::(array|to_array)\b",
    "atomic": r"std::atomic\b",
    "chrono": r"std::chrono\b",
    "condition_variable": r"std::condition_variable\b",
    "filesystem": r"std::filesystem\b",
    "fstream": r"std::[io]?fstream\b",
    "functional": r"std::function\b",
    "iomanip": r"std::(setprecision|setw|setfill)\b",
    "map": r"std::map\b",
    "memory": r"std::(shared_ptr|unique_ptr|weak_ptr|make_shared|make_unique)\b",
    "mutex": r"std::(mutex|scoped_lock|lock_guard|unique_lock)\b",
    "numeric": r"std::(accumulate|iota|gcd|reduce|inner_product)\b",
    "optional": r"std::(optional|nullopt)\b",
    "random": r"std::(mt19937\w*|random_device|\w+_distribution)\b",
    "set": r"std::set\b",
    "sstream": r"std::[io]?stringstream\b",
    "string": r"std::(string|to_string)\b",
    "thread": r"std::j?thread\b",
    "tuple": r"std::(tuple|tie)\b",
    "variant": r"std::(variant|visit)\b",
    "vector": r"std::vector\b",
    "Eigen/Cholesky": r"Eigen::(LLT|LDLT)\b|\.ld?lt\(\)",
    "Eigen/Eigenvalues": r"Eigen::(SelfAdjointEigenSolver|EigenSolver|Tridiagonalization)\b",
    "Eigen/Geometry": r"Eigen::(Quaternion|AngleAxis|Rotation2D|Transform)\w*\b|\.cross\(",
    "Eigen/Householder": r"Eigen::HouseholderSequence\b|\b(householderSequence|makeHouseholder\w*)\(",
    "Eigen/Jacobi": r"Eigen::JacobiRotation\b",
    "Eigen/LU": r"Eigen::(Partial|Full)PivLU\b|\.(inverse|determinant)\(\)",
    "Eigen/QR": r"Eigen::\w*HouseholderQR\b",
    "Eigen/SVD": r"Eigen::(JacobiSVD|BDCSVD)\b",
}


def layers(project):
    """The table of layers in docs/contributing.md: {folder: number}."""
    text = (project / "docs/contributing.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| *(\w+) *\| *(\d+) *\|", text, re.MULTILINE)
    if not rows:
        raise SystemExit("docs/contributing.md has no table of layers (| folder | number | what |)")
    return {folder: int(number) for folder, number in rows}


def headers(project):
    """Paths of the public headers, relative to include/lazytrain."""
    root = project / "include/lazytrain"
    return sorted(path.relative_to(root) for path in root.rglob("*.hpp"))


def device_headers(project):
    """The same of those that nvcc must see."""
    root = project / "include/lazytrain"
    return sorted(path.relative_to(root) for path in root.rglob("*.cuh"))


def is_for_devices(header):
    """Whether a header belongs to the component cuda."""
    return header.parts[:2] == ("backend", "cuda")


def includes(path):
    """(line number, quote or angle bracket, target) of every #include of a file."""
    directive = re.compile(r'^\s*#\s*include\s*([<"])([^>"]+)[>"]')
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1):
        match = directive.match(line)
        if match:
            yield number, match.group(1), match.group(2)


def check_layers(project):
    """A header includes from its own folder or from a lower layer."""
    table = layers(project)
    for header in headers(project) + device_headers(project):
        if str(header) == UMBRELLA:
            continue
        folder = header.parts[0]
        if len(header.parts) == 1 or folder not in table:
            yield f"{header}: its folder is not in the table of layers of docs/contributing.md"
            continue
        for number, _, target in includes(project / "include/lazytrain" / header):
            if not target.startswith("lazytrain/"):
                continue
            other = target.split("/")[1]
            if other == folder:
                continue
            if other not in table:
                yield f"{header}:{number}: includes <{target}>, which is in no layer"
            elif table[other] >= table[folder]:
                yield (
                    f"{header}:{number}: layer {table[folder]} ({folder}) includes <{target}> "
                    f"of layer {table[other]} ({other})"
                )


def check_includes(project):
    """Public headers are guarded and include with angle brackets, by full path, what exists; CUDA is seen by .cuh alone."""
    include = project / "include"
    for header in device_headers(project):
        if not is_for_devices(header):
            yield f"{header}: is not in backend/cuda, the only folder of .cuh"
    for header in headers(project) + device_headers(project):
        path = include / "lazytrain" / header
        if path.read_text(encoding="utf-8").splitlines()[:1] != ["#pragma once"]:
            yield f"{header}:1: does not begin with #pragma once"
        for number, quote, target in includes(path):
            if quote == '"':
                yield f'{header}:{number}: includes "{target}", expected <lazytrain/...>'
            elif target.startswith("lazytrain/") and not (include / target).is_file():
                yield f"{header}:{number}: includes <{target}>, which does not exist"
            elif target.startswith("."):
                yield f"{header}:{number}: includes <{target}>, expected <lazytrain/...>"
            if header.suffix == ".hpp" and (target.endswith(".cuh") or re.match(r"cu(da|blas|rand|solver|fft)", target)):
                yield f"{header}:{number}: includes <{target}>, which only nvcc can see, expected in a .cuh"
            if not is_for_devices(header) and target.startswith("lazytrain/backend/cuda/"):
                yield f"{header}:{number}: includes <{target}>, expected no header outside backend/cuda to know it"


def check_names(project):
    """A header that uses a name of NAMES includes what declares it: compiled alone, it is given that."""
    for header in headers(project) + device_headers(project):
        path = project / "include/lazytrain" / header
        code = re.sub(r"//.*", "", path.read_text(encoding="utf-8"))
        included = {target for _, _, target in includes(path)}
        for target, name in NAMES.items():
            used = re.search(name, code)
            if used and target not in included:
                yield f"{header}: uses {used.group(0)}, expected it to include <{target}>"


def check_tests(project):
    """Every public header has its test, and its test includes it; a .cuh is included by a test of tests/cuda."""
    on_devices = {target for test in (project / "tests/cuda").glob("*.cu") for _, _, target in includes(test)}
    for header in device_headers(project):
        if f"lazytrain/{header}" not in on_devices:
            yield f"{header}: is included by no test in tests/cuda"
    for header in headers(project):
        if str(header) == UMBRELLA:
            continue
        test = project / "tests" / header.with_suffix(".test.cpp")
        if not test.is_file():
            yield f"{header}: has no test, expected tests/{header.with_suffix('.test.cpp')}"
        elif f"lazytrain/{header}" not in {target for _, _, target in includes(test)}:
            yield f"{header}: is not included by its test tests/{header.with_suffix('.test.cpp')}"


def check_umbrella(project):
    """lazytrain.hpp includes every header that needs Eigen alone."""
    umbrella = project / "include/lazytrain" / UMBRELLA
    included = {target for _, _, target in includes(umbrella)} if umbrella.is_file() else set()
    for header in headers(project):
        apart = header.parts[0] == "report" or str(header).startswith("data/gzip") or is_for_devices(header)
        if str(header) == UMBRELLA:
            continue
        if not apart and f"lazytrain/{header}" not in included:
            yield f"{UMBRELLA}: does not include <lazytrain/{header}>"
        if apart and f"lazytrain/{header}" in included:
            yield f"{UMBRELLA}: includes <lazytrain/{header}>, which needs more than Eigen"


RULES = {
    "layers": check_layers,
    "includes": check_includes,
    "names": check_names,
    "tests": check_tests,
    "umbrella": check_umbrella,
}

TABLE = "| folder | layer | what |\n| --- | --- | --- |\n| low | 0 | x |\n| left | 1 | x |\n| right | 1 | x |\n"

# A small project without a violation, and for every rule what to write into it and what must then be found.
SOUND = {
    "docs/contributing.md": TABLE,
    "include/lazytrain/lazytrain.hpp": "#pragma once\n#include <lazytrain/left/b.hpp>\n#include <lazytrain/low/a.hpp>\n",
    "include/lazytrain/low/a.hpp": "#pragma once\n#include <vector>\n",
    "include/lazytrain/left/b.hpp": "#pragma once\n#include <lazytrain/low/a.hpp>\n",
    "include/lazytrain/report/c.hpp": "#pragma once\n",
    "tests/low/a.test.cpp": "#include <lazytrain/low/a.hpp>\n",
    "tests/left/b.test.cpp": "#include <lazytrain/left/b.hpp>\n",
    "tests/report/c.test.cpp": "#include <lazytrain/report/c.hpp>\n",
}
SOUND["docs/contributing.md"] += "| report | 1 | x |\n| backend | 1 | x |\n"
SOUND["include/lazytrain/backend/cuda/e.hpp"] = "#pragma once\n#include <lazytrain/low/a.hpp>\n"
SOUND["include/lazytrain/backend/cuda/f.cuh"] = "#pragma once\n#include <cuda_runtime.h>\n"
SOUND["tests/backend/cuda/e.test.cpp"] = "#include <lazytrain/backend/cuda/e.hpp>\n"
SOUND["tests/cuda/f.test.cu"] = "#include <lazytrain/backend/cuda/f.cuh>\n"
PLANTED = {
    "layers": [
        ("include/lazytrain/low/a.hpp", "#include <lazytrain/left/b.hpp>\n", "layer 0 (low) includes"),
        ("include/lazytrain/low/a.hpp", "  #  include <lazytrain/left/b.hpp>\n", "layer 0 (low) includes"),
        ("include/lazytrain/right/d.hpp", "#include <lazytrain/left/b.hpp>\n", "layer 1 (right) includes"),
        ("include/lazytrain/low/a.hpp", "#include <lazytrain/lazytrain.hpp>\n", "in no layer"),
        ("include/lazytrain/other/d.hpp", "#pragma once\n", "not in the table"),
        ("include/lazytrain/d.hpp", "#pragma once\n", "not in the table"),
        ("include/lazytrain/backend/cuda/f.cuh", "#include <lazytrain/left/b.hpp>\n", "layer 1 (backend) includes"),
    ],
    "includes": [
        ("include/lazytrain/low/a.hpp", "int x;\n", "#pragma once"),
        ("include/lazytrain/left/b.hpp", '#pragma once\n#include "lazytrain/low/a.hpp"\n', "expected <lazytrain/...>"),
        ("include/lazytrain/left/b.hpp", "#pragma once\n#include <../low/a.hpp>\n", "expected <lazytrain/...>"),
        ("include/lazytrain/left/b.hpp", "#pragma once\n#include <lazytrain/low/e.hpp>\n", "does not exist"),
        ("include/lazytrain/backend/cuda/f.cuh", "int x;\n", "#pragma once"),
        ("include/lazytrain/left/f.cuh", "#pragma once\n", "the only folder of .cuh"),
        ("include/lazytrain/left/b.hpp", "#pragma once\n#include <cublas_v2.h>\n", "only nvcc can see"),
        ("include/lazytrain/backend/cuda/e.hpp", "#pragma once\n#include <cuda_runtime.h>\n", "only nvcc can see"),
        ("include/lazytrain/backend/cuda/e.hpp", "#pragma once\n#include <lazytrain/backend/cuda/f.cuh>\n", "only nvcc can see"),
        ("include/lazytrain/left/b.hpp", "#pragma once\n#include <lazytrain/backend/cuda/e.hpp>\n", "no header outside"),
    ],
    "names": [
        ("include/lazytrain/low/a.hpp", "#pragma once\nstd::shared_ptr<int> p;\n", "expected it to include <memory>"),
        ("include/lazytrain/low/a.hpp", "#pragma once\n#include <Eigen/Core>\nauto x = a.llt();\n", "to include <Eigen/Cholesky>"),
        ("include/lazytrain/backend/cuda/f.cuh", "#pragma once\nstd::map<int, int> m;\n", "to include <map>"),
    ],
    "tests": [
        ("include/lazytrain/low/d.hpp", "#pragma once\n", "has no test"),
        ("tests/low/a.test.cpp", "#include <vector>\n", "is not included by its test"),
        ("tests/cuda/f.test.cu", "#include <vector>\n", "by no test in tests/cuda"),
    ],
    "umbrella": [
        ("include/lazytrain/low/d.hpp", "#pragma once\n", "does not include <lazytrain/low/d.hpp>"),
        ("include/lazytrain/lazytrain.hpp", SOUND["include/lazytrain/lazytrain.hpp"] + "#include <lazytrain/report/c.hpp>\n", "more than Eigen"),
        ("include/lazytrain/lazytrain.hpp", SOUND["include/lazytrain/lazytrain.hpp"] + "#include <lazytrain/backend/cuda/e.hpp>\n", "more than Eigen"),
    ],
}


def self_test(rule):
    """Failures of a rule to pass a sound project or to find what is planted in it."""

    def write(root, name, text):
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text, encoding="utf-8")

    for name, text, expected in [(None, None, None), *PLANTED[rule]]:
        root = pathlib.Path(tempfile.mkdtemp())
        try:
            for sound_name, sound_text in SOUND.items():
                write(root, sound_name, sound_text)
            if name:
                write(root, name, text)
            found = list(RULES[rule](root))
        finally:
            shutil.rmtree(root)
        if name is None and found:
            yield f"{rule}: found {found} in a sound project"
        if name and not any(expected in line for line in found):
            yield f"{rule}: with {text!r} in {name} found {found}, expected {expected!r}"


def main():
    mode, rule, project = sys.argv[1:]
    found = list(RULES[rule](pathlib.Path(project)) if mode == "check" else self_test(rule))
    print(*found, sep="\n")
    return len(found) > 0


if __name__ == "__main__":
    sys.exit(main())
