"""Chromium as the tests use it: the system's own, by its path; playwright brings none here."""

from __future__ import annotations

import os
import shutil

NAMES = ("chromium", "chromium-browser", "google-chrome")
#: HANDGRAD_BROWSER=none: there is none, or not all of it yet.
CHROMIUM = next(filter(None, map(shutil.which, NAMES if os.environ.get("HANDGRAD_BROWSER") != "none" else ())), None)
ARGUMENTS = ("--headless", "--no-sandbox", "--disable-gpu", "--disable-background-networking")
