"""Where is a Chromium that the tests can drive?"""

import os
import shutil

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
ON_MACOS = (
    "/Applications/Chromium.app/Contents/MacOS/Chromium",
    "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
)
# The first three quieten it: it would look up its maker's hosts at every start.
FLAGS = [
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-quic",
    "--disable-gpu",
    "--no-first-run",
    # Chromium refuses its sandbox to root, and the tests open only their own pages.
    "--no-sandbox",
]


def find() -> str | None:
    """Return its path: the one in BREAKEVEN_CHROMIUM, or the first that is installed."""
    named = os.environ.get("BREAKEVEN_CHROMIUM")
    candidates = [named] if named else [*NAMES, *ON_MACOS]
    return next(filter(None, map(shutil.which, candidates)), None)
