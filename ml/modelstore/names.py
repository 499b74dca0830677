"""Where the store lies, and what its encoders may be called."""

import os
import re
from pathlib import Path

from ml.encoders import builtin
from ml.errors import BadEncoder, NoSuchModel

NAME = re.compile(r"[a-z0-9][a-z0-9-]{0,63}")
__all__ = ["builtin", "check_name", "default_store", "slug", "split"]
VERSION = re.compile(r"[1-9][0-9]{0,8}")
RESERVED = ("compare", "upload", "new")
CAMPAIGNS = "campaign-"  # folders of classifiers, which the site keeps and tidies beside the encoders


def default_store() -> Path:
    """$LOOKALIKE_DATA/models; else the data folder of this working copy's site; else the user's own."""
    if data := os.environ.get("LOOKALIKE_DATA"):
        return Path(data) / "models"
    root = Path(__file__).parents[2]
    if (root / "manage.py").is_file():
        return root / "data" / "models"
    return Path(os.environ.get("XDG_DATA_HOME") or Path.home() / ".local" / "share") / "lookalike" / "models"


def check_name(name: str) -> str:
    """The name, if a new version may have it; raises BadEncoder."""
    if not NAME.fullmatch(name):
        raise BadEncoder(
            f"{name[:80]!r} cannot be an encoder's name: use small letters, digits and hyphens, 64 at most, such as "
            "my-islands."
        )
    if name.startswith(CAMPAIGNS):
        raise BadEncoder(f"{name!r} is how classifiers of campaigns are called: choose a name without {CAMPAIGNS!r}.")
    if name in RESERVED:
        raise BadEncoder(f"{name!r} is an address of the site: choose another name.")
    if name in builtin():
        raise BadEncoder(f"{name!r} comes with Lookalike and stays as it is: choose another name.")
    return name


def split(reference: str) -> tuple[str, str | None]:
    """ "name" or "name/version" -> both; raises NoSuchModel for anything else, above all for paths."""
    name, slash, version = reference.partition("/")
    if not re.fullmatch(r"[A-Za-z0-9_-]{1,80}", name) or (slash and not VERSION.fullmatch(version)):
        raise NoSuchModel(f"{reference[:80]!r} is neither a name nor a name and a version, such as my-islands/2.")
    return name, version or None


def slug(text: str) -> str:
    """A name after a file's, for people who gave none; "" where it has no letter and no digit."""
    letters = "".join(letter if letter.isascii() and letter.isalnum() else "-" for letter in text.lower())
    return "-".join(part for part in letters.split("-") if part)[:64].strip("-")
