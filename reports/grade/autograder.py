"""A Gradescope autograder as a zip: what installs handgrad there, and what grades one submission.

After *Autograder Specifications*: `setup.sh` and `run_autograder` at the zip's root; the student's files stand in
`submission/`, and `results/results.json` is read when the script has ended.
"""

from __future__ import annotations

import io
import zipfile

SETUP = """#!/usr/bin/env bash
set -e
apt-get install -y python3 python3-venv
python3 -m venv /opt/handgrad
/opt/handgrad/bin/pip install handgrad{version}
"""

RUN = """#!/usr/bin/env bash
# Gradescope runs this as /autograder/run_autograder, with /autograder as the working directory.
cd "${{AUTOGRADER:-/autograder}}"
mkdir -p results
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
"${{HANDGRAD:-/opt/handgrad/bin/handgrad}}" grade submission --one-student --out "$work" --format gradescope \\
    --time-limit {time_limit:g}{policy} > results/report.txt 2>&1 || true
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


def autograder(version: str, time_limit_seconds: float, policy: bytes | None = None) -> bytes:
    """The zip.

    Args:
        version: Of handgrad, to be installed there.
        time_limit_seconds: For a student's file.
        policy: A policy file, which is packed in.
    """
    run = RUN.format(time_limit=time_limit_seconds, policy=" --policy source/policy.toml" if policy is not None else "")
    files = {"setup.sh": SETUP.format(version=f"=={version}").encode(), "run_autograder": run.encode()}
    if policy is not None:
        files["policy.toml"] = policy
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, text in files.items():
            entry = zipfile.ZipInfo(name, (2026, 1, 1, 0, 0, 0))
            entry.external_attr = (0o644 if name.endswith(".toml") else 0o755) << 16
            archive.writestr(entry, text)
    return content.getvalue()
