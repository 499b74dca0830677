"""The model store as the site shows it: which encoders there are, who uses them, and what changes them."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from django.conf import settings
from django.contrib.auth.models import AnonymousUser, User
from django.db.models import Q

from ml import modelstore
from ml.errors import BadEncoder, DamagedModel, NoWeights
from ml.modelstore import Version, card, shown, uploading
from search import encoders, uploads
from search.errors import BadQuery, BadUpload, DiskFull, NotAllowed
from search.models import Dataset, Encoder

FOLDER = "models/"  # below the data folder
ANSWER = 10  # seconds of a request that are not for trying an encoder
SETTINGS = ("kind", "architecture", "licence", "source", "size", "dim", "bands", "mean", "std", "stretch", "arguments")


def store() -> Path:
    return Path(settings.DATA_DIR) / FOLDER


def find(name: str, version: str | None = None) -> Version:
    """Raises NoSuchModel."""
    return modelstore.find(store(), f"{name}/{version}" if version else name)


def offered() -> list[Version]:
    """The store's own that a dataset may choose: of each name the promoted version, else the newest not retired."""
    found: dict[str, Version] = {}
    for version in modelstore.listed(store(), retired=False):
        if not version.comes_with and version.bands == 3:
            best = found.get(version.name)
            found[version.name] = version if best is None or version.promoted else best
    return list(found.values())


def in_words(version: Version) -> str:
    return {
        "ssl": "taught here, on imagery of your own", "onnx": "from an ONNX file", "open_clip": "pictures and words",
    }.get(version.kind, "brought to this site")  # fmt: skip


def rows(version: Version) -> Q:
    """Encoder rows of a version; what comes with Lookalike has no folder."""
    if version.comes_with:
        return Q(folder="", name=version.name)
    return Q(folder__in=[encoders.written(version.folder), str(version.folder)])


def used_by(version: Version, user: User | AnonymousUser) -> list[Dataset]:
    """Datasets that this person may see and whose vectors it makes."""
    mine = Encoder.objects.filter(rows(version))
    return list(Dataset.objects.visible_to(user).filter(encoder__in=mine).order_by("name"))


def described(version: Version, user: User | AnonymousUser) -> dict[str, Any]:
    """For the API: the card and what it is about, without where it lies on this machine."""
    told = {key: value for key, value in shown.whole(version).items() if key != "folder"}
    if not may_see_data(version, user):
        told |= {"card": without_data(version.card), "strips": None}
    used = [{"slug": dataset.slug, "name": dataset.name} for dataset in used_by(version, user)]
    return {**addresses(version), **told, "used_by": used, "may": {"manage": may_manage(user)}}


def may_see_data(version: Version, user: User | AnonymousUser) -> bool:
    """False where it learnt from a dataset that this person may not see: its name and its pictures are on the card."""
    data = version.card.get("data")
    source = str(data.get("source", "")) if isinstance(data, dict) else ""
    if not source or user.is_staff:
        return True
    hidden = Dataset.objects.exclude(pk__in=Dataset.objects.visible_to(user).values("pk"))
    return not any(source.startswith(name) for name in hidden.values_list("name", flat=True) if name)


def check_may_see_data(version: Version, user: User | AnonymousUser) -> None:
    if not may_see_data(version, user):
        raise NotAllowed(f"{version.reference} learnt from a dataset that you may not see: ask its owner to add you.")


def without_data(told: dict[str, Any]) -> dict[str, Any]:
    data = told["data"] if isinstance(told.get("data"), dict) else {}
    return {**told, "data": {key: value for key, value in data.items() if key != "source"}}


def listed(version: Version) -> dict[str, Any]:
    return {**shown.facts(version), **addresses(version)}


def addresses(version: Version) -> dict[str, Any]:
    where = f"{version.name}/{version.version}"
    strips = (version.folder / "strips.png").is_file()
    return {
        "page": f"/datasets/models/{where}/", "download": f"/api/v1/models/{where}/download",
        "strips": f"/api/v1/models/{where}/strips.png" if strips else None,
    }  # fmt: skip


def compared(references: list[str]) -> dict[str, Any]:
    """Two to eight versions side by side; BadQuery for another number of them, NoSuchModel."""
    if not 2 <= len(references) <= 8:
        raise BadQuery("Name two to eight encoders to compare, such as versions=islands/1,islands/2.")
    return card.compare([modelstore.find(store(), reference) for reference in references])


def may_manage(user: User | AnonymousUser) -> bool:
    """Every dataset of the site may come to use it: what administrators decide."""
    return bool(user.is_staff)


def check_may_manage(user: User | AnonymousUser) -> None:
    if not may_manage(user):
        remedy = "Ask one of them." if user.is_authenticated else "Sign in first."
        raise NotAllowed(f"Only administrators of this site may bring in, promote or retire encoders. {remedy}")


def change(version: Version, action: str) -> Version:
    """promote, retire or unretire -> the version as it is then; BadQuery says why not."""
    acts = {"promote": modelstore.promote, "retire": modelstore.retire, "unretire": modelstore.unretire}
    try:
        acts[action](store(), f"{version.name}/{version.version}")
    except (BadEncoder, DamagedModel) as error:
        raise BadQuery(str(error)) from error
    found = find(version.name, version.version)
    if action == "promote" and found.bands == 3:
        encoders.register(str(found.folder))
    return found


def bring(user: User, source: Path, name: str, told: Mapping[str, Any]) -> Version:
    """Publish what a person sent. BadUpload says what is wrong with it; DiskFull. Nothing else stays behind."""
    check_may_manage(user)
    config = {key: told[key] for key in SETTINGS if told.get(key) not in (None, "", [])}
    try:
        folder = uploading.upload(
            source,
            store(),
            name,
            config=config,
            isolated=True,
            patience=max(5, settings.REQUEST_SECONDS - ANSWER),
            most_bytes=settings.MODEL_LIMIT,
        )
    except (BadEncoder, NoWeights) as error:
        raise BadUpload(str(error)) from error
    except OSError as error:
        if not uploads.is_full(error):
            raise
        raise DiskFull("The server's disk is full, and nothing was kept. Free some space there first.") from error
    return find(folder.parent.name, folder.name)
