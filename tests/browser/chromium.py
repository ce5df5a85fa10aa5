"""Debian's Chromium: the browser itself, or the one without windows, which draws the same with less work."""

from __future__ import annotations

import os
from pathlib import Path

from playwright.sync_api import Browser, Playwright

ARGUMENTS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking"]
PROGRAMS = ("/usr/bin/chromium-headless-shell", "/usr/bin/chromium")
HOW_TO_GET = "apt-get install chromium-headless-shell, or chromium; or set CHROMIUM to another one's path."


def program() -> str | None:
    """The one that CHROMIUM names, or the first that is installed."""
    asked = os.environ.get("CHROMIUM")
    return next((each for each in ([asked] if asked else PROGRAMS) if Path(each).exists()), None)


def launched(playwright: Playwright, *, timeout: float | None = None) -> Browser | None:
    """None where there is no Chromium. timeout: milliseconds, Playwright's own by default."""
    found = program()
    if found is None:
        return None
    return playwright.chromium.launch(executable_path=found, args=ARGUMENTS, timeout=timeout)
