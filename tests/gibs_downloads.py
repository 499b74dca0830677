"""What the tests of downloads share: a plan of a few tiles, fetched straight into the data folder of the tests."""

from pathlib import Path
from typing import Any

from django.conf import settings

from search import gibs
from search.gibs import rules
from search.gibs.asking import Patience
from search.gibs.downloading import Download, Work
from search.gibs.planning import Plan

TERRA = "MODIS_Terra_CorrectedReflectance_TrueColor"
TEMPERATURE = "MODIS_Terra_Brightness_Temp_Band31_Day"
HASTY = Patience(tries=3, pauses=5, hopeless=1000)
IMPATIENT = Patience(tries=3, silence=3)  # for a server that is slow on purpose, by 8 seconds


def plan(**changed: Any) -> Plan:
    """Nine tiles of one date."""
    usual = {"layer": TERRA, "dates": ["2012-07-09"], "bbox": [0, 0, 13, 13], "levels": [6]}
    return gibs.estimate({**usual, **changed})


def fetch(wanted: Plan, patience: Patience = HASTY, limits: rules.Limits | None = None) -> list[Work]:
    with Download(wanted.sheets, wanted.tiles, limits or rules.limits(), patience) as download:
        return [work for work in download.finished() if work is not None]


def on_disk(wanted: Plan) -> dict[str, bytes]:
    """Name below the server's folder -> content, of all files of the plan's scenes."""
    roots = [Path(settings.DATA_DIR) / sheet.folder for sheet in wanted.sheets]
    files = [path for root in roots for path in root.rglob("*") if path.is_file()]
    return {
        str(path.relative_to(Path(settings.DATA_DIR) / "gibs")).partition("/")[2]: path.read_bytes() for path in files
    }


def tiles_on_disk(wanted: Plan) -> list[bytes]:
    return [content for name, content in sorted(on_disk(wanted).items()) if not name.endswith("jsonl")]
