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


def left_by(page: str, folder: Path, width: int = 360) -> str:
    """What the page's script has left in its element `seen`."""
    assert BROWSER is not None
    file = folder / "page.html"
    file.write_text(page, encoding="utf-8")
    command = [BROWSER, *STILL, f"--window-size={width},800", f"--user-data-dir={folder}/user", "--dump-dom", str(file)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=True)
    found = re.search(r'<pre id="seen">(.*?)</pre>', done.stdout, re.DOTALL)
    assert found is not None
    return html.unescape(found[1])
