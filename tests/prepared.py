"""A data folder as a first start leaves it, made once per run: tables, static files, exported encoders."""

import fcntl
import os
import subprocess
import sys
from pathlib import Path

from tests.webapp.site import ROOT, Site

FIRST_START = """
import django
django.setup()
import numpy
from ml.encoders import DEFAULT
from search import encoders
from search.management.commands.demo import ENCODER
from webapp.serve import prepare
prepare.everything(print)
for name in (DEFAULT, ENCODER):
    row = encoders.register(name)
    encoders.encode_one(row, numpy.zeros((row.size, row.size, 3), numpy.uint8))
    row.delete()
"""


def prepared_folder(home: Path) -> Path:
    """Below `home`; the first process that asks makes it, others wait for it."""
    folder = home / "prepared"
    with (home / "prepared.lock").open("a") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (done := home / "prepared.done").exists():
            environment = Site(folder).environment | {"DJANGO_SETTINGS_MODULE": "webapp.settings"}
            folder.mkdir(exist_ok=True)
            subprocess.run([sys.executable, "-c", FIRST_START], cwd=ROOT, env=environment, check=True, timeout=200)
            done.touch()
    return folder


def lay_out(prepared: Path, data: Path) -> Path:
    """What a site would make again at its first start, copied into a new folder; one that is in use stays as it is."""
    data.mkdir(parents=True, exist_ok=True)
    if not any(data.iterdir()):
        subprocess.run(["cp", "-a", f"{prepared}{os.sep}.", str(data)], check=True)
    return data
