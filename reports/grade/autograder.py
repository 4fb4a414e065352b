"""A Gradescope autograder as a zip: what installs handgrad there, and what grades one submission.

After *Autograder Specifications*: `setup.sh` and `run_autograder` at the zip's root; the student's files stand in
`submission/`, and `results/results.json` is read when the script has ended.
"""

from __future__ import annotations

import io
import shlex
import zipfile
from collections.abc import Mapping, Sequence

#: Ubuntu 22.04, one of Gradescope's images, has Python 3.10 as python3, and 3.11 beside it.
SETUP = """#!/usr/bin/env bash
set -e
home="${{HANDGRAD_HOME:-/opt/handgrad}}"
cd "${{AUTOGRADER:-/autograder}}"
apt-get update
apt-get install -y python3
python=python3
python3 -c "import sys; sys.exit(sys.version_info < (3, 11))" || python=python3.11
apt-get install -y "$python" "$python-venv"
"$python" -m venv "$home"
"$home/bin/pip" install {requirement}
"""

RUN = """#!/usr/bin/env bash
# Gradescope runs this as /autograder/run_autograder, with /autograder as the working directory.
cd "${{AUTOGRADER:-/autograder}}"
mkdir -p results
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
"${{HANDGRAD:-/opt/handgrad/bin/handgrad}}" grade submission --one-student --out "$work" --format gradescope \\
    {options} > results/report.txt 2>&1 || true
if [ -f "$work/gradescope/submission.json" ]; then
    cp "$work/gradescope/submission.json" results/results.json
else
    python3 - results/report.txt > results/results.json <<'END'
import json, sys
text = open(sys.argv[1], encoding="utf-8", errors="replace").read()[-2000:]
print(json.dumps({{"score": 0, "output": "This could not be graded: " + text}}))
END
fi
"""


def autograder(requirement: str, options: Sequence[str], packed: Mapping[str, bytes]) -> bytes:
    """The zip.

    Args:
        requirement: What pip is to install: handgrad with its version, or a wheel in `source/`.
        options: Of `grade`, for each submission.
        packed: Files that these two name, by name; they stand in `source/` there.
    """
    run, setup = RUN.format(options=shlex.join(options)), SETUP.format(requirement=shlex.quote(requirement))
    files = {"setup.sh": setup.encode(), "run_autograder": run.encode(), **packed}
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, text in files.items():
            entry = zipfile.ZipInfo(name, (2026, 1, 1, 0, 0, 0))
            entry.external_attr = (0o644 if name in packed else 0o755) << 16
            archive.writestr(entry, text)
    return content.getvalue()
