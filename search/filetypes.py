"""What may be uploaded, told by a file's ending and by its first bytes: these must agree."""

from pathlib import Path

from ml.modelstore.publishing import ANY_CODE, PICKLES
from search.errors import WrongType

BOXES = (b"ftyp", b"moov", b"mdat", b"wide", b"free", b"skip")  # what an MP4 or QuickTime file may begin with
# After each format's specification: where its first bytes are the same in every file.
SIGNATURES: dict[str, tuple[bytes, ...]] = {
    "a TIFF": (b"II*\0", b"MM\0*", b"II+\0", b"MM\0+"),
    "a PNG": (b"\x89PNG\r\n\x1a\n",),
    "a JPEG": (b"\xff\xd8\xff",),
    "a WebP": (b"RIFF",),
    "a JPEG 2000": (b"\0\0\0\x0cjP  \r\n\x87\n", b"\xff\x4f\xff\x51"),
    "a zip": (b"PK\x03\x04", b"PK\x05\x06"),
    "a Parquet": (b"PAR1",),
}
# Where they stand a little later: (bytes before them, what may be there).
LATER: dict[str, tuple[int, tuple[bytes, ...]]] = {
    "an MP4 or QuickTime": (4, BOXES),
    "an AVI": (8, (b"AVI",)),
    "an MPEG": (0, (b"\0\0\1\xba", b"\0\0\1\xb3")),
    "a Matroska or WebM": (0, (b"\x1a\x45\xdf\xa3",)),
}
ENDINGS = {
    ".tif": "a TIFF", ".tiff": "a TIFF", ".png": "a PNG", ".jpg": "a JPEG", ".jpeg": "a JPEG", ".webp": "a WebP",
    ".mp4": "an MP4 or QuickTime", ".m4v": "an MP4 or QuickTime", ".mov": "an MP4 or QuickTime",
    ".3gp": "an MP4 or QuickTime", ".mkv": "a Matroska or WebM", ".webm": "a Matroska or WebM", ".avi": "an AVI",
    ".mpg": "an MPEG", ".mpeg": "an MPEG", ".ts": "an MPEG transport stream", ".mts": "an MPEG transport stream",
    ".m2ts": "an MPEG transport stream", ".jp2": "a JPEG 2000", ".zip": "a zip", ".parquet": "a Parquet",
    ".geoparquet": "a Parquet",
}  # fmt: skip
VIDEO = {"an MP4 or QuickTime", "a Matroska or WebM", "an AVI", "an MPEG", "an MPEG transport stream"}
VIDEOS = frozenset(end for end, kind in ENDINGS.items() if kind in VIDEO)
TEXT = {".csv": "a CSV list", ".json": "a JSON file", ".geojson": "a GeoJSON file"}
ACCEPTED = (*ENDINGS, *TEXT)
MODELS = (".safetensors", ".onnx", ".zip", ".tar", ".tgz", ".gz")  # of the model store


def ending(name: str) -> str:
    return "." + name.rpartition(".")[2].lower() if "." in name else ""


def is_video(path: Path) -> bool:
    return path.suffix.lower() in VIDEOS


def check_name(name: str) -> None:
    if ending(name) not in ACCEPTED:
        raise WrongType(
            f"{name} is not a kind of file that can be imported. Send GeoTIFFs or other rasters (.tif, .jp2), "
            "pictures (.jpg, .png, .webp), videos (.mp4, .mov, .mkv, .webm, .avi, .mpg, .ts), a .zip of them, "
            "or lists and embeddings (.csv, .parquet, .geojson)."
        )


def check_content(name: str, start: bytes) -> None:
    """start: the first bytes; of a few bytes only, those are compared."""
    end = ending(name)
    if end in TEXT:
        if b"\0" in start[:4096] or is_page(start):
            raise WrongType(f"{name} says that it is {TEXT[end]}, but its content is not. Check that it opens as text.")
        return
    promised = ENDINGS[end]
    if not is_a(promised, start):
        raise WrongType(f"{name} says that it is {promised} file, but its content is {found(start)}. {advice(start)}")


def is_a(kind: str, start: bytes) -> bool:
    if kind == "an MPEG transport stream":  # a packet of 188 bytes after the other; cameras put 4 bytes before each
        return any(start[at : at + 1] in (b"G", b"") for at in (0, 4))
    before, signs = LATER.get(kind) or (0, SIGNATURES[kind])
    part = start[before:]
    return any(part.startswith(sign[: len(part)]) for sign in signs)


def check_model_name(name: str) -> None:
    """Of an encoder; refused before it is sent."""
    if ending(name) in PICKLES:
        raise WrongType(f"{name} cannot be brought in: {ANY_CODE}")
    if ending(name) not in MODELS:
        raise WrongType(
            f"{name} is not an encoder: send a .zip or .tar of its folder, or .safetensors or .onnx weights."
        )


def check_model(name: str, start: bytes) -> None:
    """start: the first bytes. A pickle under another name is refused with its first piece."""
    pickled = start.startswith((b"\x80\x02", b"\x80\x03", b"\x80\x04", b"\x80\x05"))
    is_wrong = start[8:9] != b"{" if ending(name) == ".safetensors" else pickled
    if is_wrong:
        kind = "a pickle under another name" if pickled or start.startswith(b"PK") else found(start)
        raise WrongType(f"{name} is {kind}, not what its name says. {ANY_CODE[0].upper()}{ANY_CODE[1:]}")


def found(start: bytes) -> str:
    if is_page(start):
        return "a web page"
    known = (kind for kind, signatures in SIGNATURES.items() if start.startswith(signatures))
    moving = (kind for kind in LATER if len(start) > LATER[kind][0] and is_a(kind, start))
    return next((f"{kind} file" for kind in (*moving, *known)), "something else")


def advice(start: bytes) -> str:
    if is_page(start):
        return "A download that went wrong is often a page that says so: open it in a browser."
    return "Give it the ending of what it is, or save it again."


def is_page(start: bytes) -> bool:
    return start[:200].lstrip().lower().startswith((b"<!doctype html", b"<html"))
