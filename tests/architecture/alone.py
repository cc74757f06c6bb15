"""Every public header compiles alone: it includes, itself or through others, whatever of the library it uses.

    alone.py check     <project> <command>...   fails with the compiler's errors
    alone.py self-test <project> <command>...   fails unless an include left out of a copy is found

The command is Clang with its options. It compiles all headers at once, as a module in which each sees what it includes and nothing
else, but for what is not the library's: that is one module for all, and the rule `names` of architecture.py looks at it. A header
whose includes are not installed is left out.
"""

import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

TESTS = pathlib.Path(__file__).parents[1]

# In a copy of these folders, which include from no others: a file, an include that it needs, and what must be said without it.
FOLDERS = ["core", "linalg"]
PLANTED = [
    (None, None, None),
    ("core/output_space.hpp", "core/vector.hpp", "Index"),
    ("linalg/lanczos.hpp", "linalg/tridiagonal.hpp", "TridiagonalEigen"),
]


def run(command, *options):
    return subprocess.run([*command, *map(str, options)], capture_output=True, text=True, check=False)


def find(names, command, folder):
    """{name: path} of those headers that the compiler finds."""
    source = folder / "find.cpp"
    source.write_text("".join(f"#if __has_include(<{name}>)\n#include <{name}>\n#endif\n" for name in names), encoding="utf-8")
    done = run(command, "-M", source)
    if done.returncode != 0:
        raise SystemExit(done.stderr)
    paths = sorted({os.path.realpath(path) for path in done.stdout.replace("\\\n", " ").split()[1:]}, key=len, reverse=True)
    return {name: path for name in names for path in paths if path.endswith("/" + name)}  # the shortest


def write_map(path, text):
    """A map of modules; one that stays the same stays older than what was compiled by it."""
    if not path.exists() or path.read_text(encoding="utf-8") != text:
        path.write_text(text, encoding="utf-8")
    return f"-fmodule-map-file={path}"


def errors_alone(include, command, folder):
    """The compiler's errors, empty if every header compiles alone; what it makes is left in the folder for the next call."""
    own = {path.relative_to(include).as_posix(): path for path in sorted((include / "lazytrain").glob("**/*.[hc][pu][ph]"))}
    included = {name: re.findall(r"^#include <([^>]+)>", path.read_text(encoding="utf-8"), re.MULTILINE) for name, path in own.items()}
    command = [*command, f"-I{include}"]
    found = find(sorted({name for names in included.values() for name in names if name not in own}), command, folder)
    for name in [name for name in own if not all(other in own or other in found for other in included[name])]:
        print(f"left out: {name}", file=sys.stderr)
        del own[name]
    simulated = {path for path in found.values() if TESTS in pathlib.Path(path).parents}
    others = [f'  header "{path}"\n' for path in sorted({*found.values()} - simulated)]
    each = [f'  module h{number} {{ header "{path}" export * }}\n' for number, path in enumerate([*own.values(), *sorted(simulated)])]
    source = folder / "all.cpp"
    source.write_text(f"#include <{next(iter(own))}>\n", encoding="utf-8")
    done = run(
        command, "-fmodules", "-Xclang", "-fmodules-local-submodule-visibility", f"-fmodules-cache-path={folder}",
        write_map(folder / "others.map", "".join(["module others [system] {\n", *others, "  export *\n}\n"])),
        write_map(folder / "own.map", "".join(["module own {\n", *each, "}\n"])),
        "-Wno-c++17-extensions",  # which Clang 14 takes hexadecimal numbers for, in modules
        "-fsyntax-only", source)
    return done.stderr if done.returncode != 0 else ""


def self_test(include, command, folder):
    """What is wrong with this test itself."""
    copy = folder / "include"
    for name, needed, expected in PLANTED:
        shutil.rmtree(copy, ignore_errors=True)
        for part in FOLDERS:
            shutil.copytree(include / "lazytrain" / part, copy / "lazytrain" / part)
        if name:
            path = copy / "lazytrain" / name
            path.write_text(path.read_text(encoding="utf-8").replace(f"#include <lazytrain/{needed}>\n", ""), encoding="utf-8")
        errors = errors_alone(copy, command, folder)
        if bool(errors) != bool(name) or (name and expected not in errors):
            yield f"{name} without {needed}: said {errors!r}, expected {expected!r}"


def main():
    mode, project, *command = sys.argv[1:]
    include = pathlib.Path(project) / "include"
    with tempfile.TemporaryDirectory() as temporary:
        folder = pathlib.Path(temporary)
        wrong = errors_alone(include, command, folder) if mode == "check" else "\n".join(self_test(include, command, folder))
    print(wrong)
    return len(wrong) > 0


if __name__ == "__main__":
    sys.exit(main())
