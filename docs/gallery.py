"""Makes the pages of the gallery and README's picture anew, from runs on this machine: `python docs/gallery.py`.

It takes the commands from gallery.md, where each stands beside its page, and needs Chromium for the picture.
"""

from __future__ import annotations

import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

HERE = Path(__file__).parent
#: A row of the list in gallery.md: the page, and the command that makes it.
ROW = re.compile(r"\[[^]]+\]\(gallery/(?P<page>[\w-]+)\.html\).*?`handgrad (?P<command>[^`]+)`")
#: Of which page README shows the head, and its size in pixels.
PICTURED, SIZE = "diabetes", "1080,1840"
#: The build of a kernel, which says nothing to a reader.
KERNEL = re.compile(r"Linux-[\w.+-]+")
CHROMIUM = ("chromium", "chromium-browser", "google-chrome")
STILL = ("--headless", "--no-sandbox", "--disable-gpu", "--disable-background-networking", "--hide-scrollbars")


def commands() -> dict[str, list[str]]:
    """The command of each page, as its words."""
    rows = ROW.finditer((HERE / "gallery.md").read_text(encoding="utf-8"))
    return {row["page"]: shlex.split(row["command"]) for row in rows}


def handgrad() -> str:
    """The command as it is installed beside this Python, since a report tells how it was called."""
    found = shutil.which("handgrad", path=Path(sys.executable).parent)
    if found is None:
        raise SystemExit("handgrad is not installed beside this Python: pip install -e .")
    return found


def make(page: str, command: list[str]) -> Path:
    """Runs a command in a folder of its own and keeps its report; a run that does not agree is shown as well."""
    target = HERE / "gallery" / f"{page}.html"
    target.parent.mkdir(exist_ok=True)
    with TemporaryDirectory() as folder:
        done = subprocess.run([handgrad(), *command, "--out", page], cwd=folder, check=False)
        if done.returncode not in (0, 1):
            raise SystemExit(f"handgrad {shlex.join(command)}: exit code {done.returncode}")
        report = (Path(folder) / page / "report.html").read_text(encoding="utf-8")
    target.write_text(KERNEL.sub("Linux", report), encoding="utf-8")
    return target


def picture(page: Path, target: Path) -> None:
    """The head of a page as PNG."""
    browser = next(filter(None, map(shutil.which, CHROMIUM)), None)
    if browser is None:
        raise SystemExit("the picture needs Chromium: apt-get install chromium")
    command = [browser, *STILL, f"--window-size={SIZE}", f"--screenshot={target}", page.as_uri()]
    subprocess.run(command, check=True, capture_output=True)


def main() -> None:
    """Makes the pages named, or all of them, and the picture."""
    for page, command in commands().items():
        if not sys.argv[1:] or page in sys.argv[1:]:
            make(page, command)
    picture(HERE / "gallery" / f"{PICTURED}.html", HERE / "report.png")


if __name__ == "__main__":
    main()
