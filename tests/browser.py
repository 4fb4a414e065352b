"""Chromium, where it is installed: a page's script is played in it."""

from __future__ import annotations

import html
import os
import re
import shutil
import subprocess
from pathlib import Path

NAMES = ("chromium", "chromium-browser", "google-chrome")
#: HANDGRAD_BROWSER=none: there is none, or not all of it yet.
BROWSER = next(filter(None, map(shutil.which, NAMES if os.environ.get("HANDGRAD_BROWSER") != "none" else ())), None)
STILL = ("--headless", "--no-sandbox", "--disable-gpu", "--disable-background-networking", "--virtual-time-budget=2000")

#: A window of its own is never narrower than 500 pixels; a frame within one is as wide as it is told.
FRAME = """<!DOCTYPE html><meta charset="utf-8">
<iframe width="{width}" height="800" style="border: 0" srcdoc="{page}"></iframe><pre id="seen"></pre>
<script>addEventListener("load", () => {{
  const left = document.querySelector("iframe").contentDocument.getElementById("seen");
  document.getElementById("seen").textContent = left.textContent;
}});</script>"""


def left_by(page: str, folder: Path, width: int = 360) -> str:
    """What the page's script has left in its element `seen`, in a window as wide as a phone."""
    assert BROWSER is not None
    file = folder / "page.html"
    file.write_text(FRAME.format(width=width, page=html.escape(page)), encoding="utf-8")
    command = [BROWSER, *STILL, "--window-size=1200,900", f"--user-data-dir={folder}/user", "--dump-dom", str(file)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=True)
    found = re.search(r'<pre id="seen">(.*?)</pre>\s*<script>addEventListener', done.stdout, re.DOTALL)
    assert found is not None
    return html.unescape(found[1])
