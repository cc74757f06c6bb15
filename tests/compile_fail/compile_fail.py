"""Checks what a compiler says to a program.

    compile_fail.py <program> <compiler> <flags>...

A program with a line `// expect: <sentence>` must not compile, and one of the first 25 lines of the compiler's
output must hold the sentence. A program with `// expect nothing` must compile in silence: the control which
shows that the others fail for the reason they name.
"""

import pathlib
import re
import subprocess
import sys

LINES = 25


def main():
    program, *compiler = sys.argv[1:]
    text = pathlib.Path(program).read_text(encoding="utf-8")
    sentences = re.findall(r"^// expect: (.+)$", text, re.MULTILINE)
    control = re.search(r"^// expect nothing$", text, re.MULTILINE)
    if bool(sentences) == bool(control):
        return f"{program}: has neither `// expect: <sentence>` nor `// expect nothing`, or both"

    run = subprocess.run([*compiler, program], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False)
    output = run.stdout.splitlines()
    if control:
        return f"{program}: does not compile\n{run.stdout}" if run.returncode or output else 0
    if run.returncode == 0:
        return f"{program}: compiles, expected an error with: {'; '.join(sentences)}"
    missing = [s for s in sentences if not any(s in line for line in output[:LINES])]
    if missing:
        return f"{program}: the first {LINES} lines do not say: {'; '.join(missing)}\n{run.stdout}"
    return 0


if __name__ == "__main__":
    sys.exit(main())
