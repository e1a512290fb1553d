"""The Chromium that browser tests drive: found, or fetched by `make test`; without one the tests are reported as not run.

VIGIE_TEST_CHROMIUM names one that is not on the PATH.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

NAMES = ("chromium", "chromium-browser", "google-chrome-stable", "google-chrome", "chrome")
PLACES = (
    "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
    "/Applications/Chromium.app/Contents/MacOS/Chromium",
)
FETCHED = (
    ".cache/ms-playwright/chromium-*/chrome-linux*/chrome",
    "Library/Caches/ms-playwright/chromium-*/chrome-mac*/*.app/Contents/MacOS/*",
)

NOT_RUN = (
    "browser tests were NOT RUN: no Chromium on this machine; install one (Debian: apt-get install chromium) or set VIGIE_TEST_CHROMIUM"
)


def find() -> str | None:
    """The path of a Chromium, or None."""
    named = os.environ.get("VIGIE_TEST_CHROMIUM")
    if named:
        return named
    on_path = [found for name in NAMES if (found := shutil.which(name))]
    fetched = [str(path) for pattern in FETCHED for path in Path.home().glob(pattern)]
    return next(iter([*on_path, *(place for place in PLACES if Path(place).exists()), *fetched]), None)


def missing_is_an_error() -> bool:
    """In CI nothing may be left out in silence."""
    return os.environ.get("CI") == "true"


def fetch() -> None:
    """Install one: Debian's when we may, else the browser that playwright fetches for this user."""
    if os.geteuid() == 0 and shutil.which("apt-get"):
        steps = [["apt-get", "update", "-qq"], ["apt-get", "install", "-qq", "--no-install-recommends", "chromium", "fonts-dejavu-core"]]
    else:
        steps = [[sys.executable, "-m", "playwright", "install", "chromium"]]
    quiet = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    for step in steps:
        sys.stdout.write(f"No Chromium found. Trying: {' '.join(step)}\n")
        sys.stdout.flush()
        done = subprocess.run(step, env=quiet, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, check=False, timeout=600)
        if done.returncode:
            return


def main() -> int:
    """Find or fetch; 1 only in CI, where a missing browser is an error."""
    if find() is None:
        fetch()
    if find() is None:
        sys.stderr.write(f"{NOT_RUN}\n")
        return int(missing_is_an_error())
    return 0


if __name__ == "__main__":
    sys.exit(main())
