"""Which Chromium runs the tests, and as which devices."""

import os
import shutil

FLAGS = [
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync",
]  # fmt: skip
CALM = {"reduced_motion": "reduce"}
DESKTOP = {"viewport": {"width": 1440, "height": 900}, **CALM}
PHONE = {
    "viewport": {"width": 390, "height": 844},
    "has_touch": True,
    "is_mobile": True,
    "device_scale_factor": 2,
    **CALM,
}


def executable() -> str:
    """CHROMIUM, or the first of the usual names on the path."""
    names = ["chromium", "chromium-browser", "google-chrome"]
    path = os.environ.get("CHROMIUM") or next(filter(None, map(shutil.which, names)), None)
    assert path, "The browser tests need Chromium: run scripts/browser, or set CHROMIUM."
    return path
