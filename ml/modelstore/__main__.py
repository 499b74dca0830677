"""python -m ml.modelstore COMMAND: the encoders that there are, compared, brought in, taken along and retired.

The store is $LOOKALIKE_DATA/models, or the data folder of the site that lies here; --store names another. Needs no site
and no database. A version is written name/version; a name alone means its promoted version, else its newest.
"""

import argparse
import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from ml import command
from ml.errors import BadEncoder
from ml.modelstore import converting, names, shown, standing
from ml.modelstore.card import compare
from ml.modelstore.checking import check
from ml.modelstore.checksums import FILE, damage
from ml.modelstore.listing import Version, find, listed, versions
from ml.modelstore.packing import download
from ml.modelstore.quantising import LEAST, METHODS, quantise
from ml.modelstore.uploading import upload

Options = argparse.Namespace


def list_(options: Options) -> None:
    found = listed(options.store, retired=options.retired)
    _tell(options, [shown.facts(version) for version in found], lambda: shown.list_table(found, options.store))


def show(options: Options) -> None:
    version = find(options.store, options.version)
    _tell(options, shown.whole(version), lambda: shown.card(version))


def compare_(options: Options) -> None:
    found = compare([find(options.store, reference) for reference in options.versions])
    _tell(options, found, lambda: shown.comparison(found))


def promote(options: Options) -> None:
    standing.promote(options.store, options.version)
    _done(options, f"{options.version.partition('/')[0]} means {options.version} from now on.")


def retire(options: Options) -> None:
    standing.retire(options.store, options.version)
    _done(options, f"{options.version} is no longer offered. What was made with it goes on working.")


def unretire(options: Options) -> None:
    standing.unretire(options.store, options.version)
    _done(options, f"{options.version} is offered again.")


def verify(options: Options) -> None:
    """Every byte of the versions that are named, or of all; exit code 1 when one is damaged."""
    chosen = [one for name in options.versions for one in _all_of(options.store, name)] or _own(options.store)
    found = {version.reference: damage(version.folder) for version in chosen}
    _tell(options, found, lambda: shown.damage(found))
    sys.exit(1 if any(found.values()) else 0)


def check_(options: Options) -> None:
    found = check(options.folder)
    _tell(options, found, lambda: f"It makes vectors of {found['dim']} numbers from squares of {found['size']} pixels.")


def upload_(options: Options) -> None:
    config = json.loads(options.config.read_bytes()) if options.config else {}
    given = {name: getattr(options, name) for name in ("kind", "architecture", "licence", "size", "dim", "bands")}
    config |= {name: value for name, value in given.items() if value is not None}
    folder = upload(options.source, options.store, options.name, config=config)
    _published(options, folder)


def download_(options: Options) -> None:
    path = download(find(options.store, options.version), options.out)
    _done(options, f"{path} holds it, with its checksums. Bring it in elsewhere: python -m ml.modelstore upload {path}")


def convert(options: Options) -> None:
    count = converting.convert(options.file, options.out, half=options.half)
    _done(
        options, f"{options.file} was opened as weights only; its {count} tensors are in {options.out}, in safetensors."
    )


def import_openclip(options: Options) -> None:
    name = options.name or names.slug(options.file.stem)
    folder = converting.import_openclip(
        options.file, options.store, name, architecture=options.architecture, licence=options.licence,
        source=options.source, half=options.half,
    )  # fmt: skip
    if not options.json:
        command.say(f"{options.file} was opened as weights only and written as safetensors; the store holds no pickle.")
    _published(options, folder)


def quantise_(options: Options) -> None:
    folder = quantise(
        find(options.store, options.version), options.store, name=options.name, method=options.method,
        pictures=options.images, least=options.least, force=options.force,
    )  # fmt: skip
    _published(options, folder)


def _published(options: Options, folder: Path) -> None:
    version = find(options.store, f"{folder.parent.name}/{folder.name}")
    _tell(options, shown.whole(version), lambda: shown.published(version))


def _all_of(store: Path, name: str) -> list[Version]:
    return [find(store, name)] if "/" in name else versions(store, name) or [find(store, name)]


def _own(store: Path) -> list[Version]:
    return [version for version in listed(store) if not version.comes_with or (version.folder / FILE).is_file()]


def _tell(options: Options, found: Any, table: Callable[[], Any]) -> None:
    if options.json:
        command.say(json.dumps(found, indent=1, ensure_ascii=False))
        return
    from rich.console import Console

    Console().print(table())


def _done(options: Options, sentence: str) -> None:
    command.say(json.dumps({"done": sentence}) if options.json else sentence)


def arguments(program: str, store: Path) -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(program, description=__doc__)
    both = argparse.ArgumentParser(add_help=False)
    both.add_argument("--store", type=Path, default=store, help="the store's folder (%(default)s)")
    both.add_argument("--json", action="store_true", help="print what a script can read")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")

    def add(name: str, run: Callable[[Options], None], text: str, *positional: str) -> argparse.ArgumentParser:
        one = commands.add_parser(name, help=text, description=text, parents=[both])
        one.set_defaults(run=run)
        for argument in positional:
            one.add_argument(argument, help="name or name/version")
        return one

    one = add("list", list_, "what there is")
    one.add_argument("--retired", action="store_true", help="also those that are no longer offered")
    add("show", show, "the report card of a version", "version")
    add("compare", compare_, "numbers and settings side by side").add_argument(
        "versions", nargs="+", help="name/version"
    )
    add("promote", promote, "make a version the one that its name means", "version")
    add("retire", retire, "offer a version no longer; what uses it goes on working", "version")
    add("unretire", unretire, "offer a retired version again", "version")
    one = add("verify", verify, "compare every byte with what was published")
    one.add_argument("versions", nargs="*", help="name or name/version; all without")
    one = add("download", download_, "write a version as a zip", "version")
    one.add_argument("--out", type=Path, default=Path(), help="file or folder; here without")
    add("check", check_, "try a folder that shall be brought in").add_argument("folder", type=Path)
    _add_bringing(add)
    return parser


def _add_bringing(add: Callable[..., argparse.ArgumentParser]) -> None:
    one = add("upload", upload_, "bring in a zip, tar or folder of an encoder, or a .safetensors or .onnx file")
    one.add_argument("source", type=Path)
    one.add_argument("--name", default="", help="as it shall be called; encoder.json's own without")
    one.add_argument("--config", type=Path, help="encoder.json, for a file that comes alone")
    for setting in ("kind", "architecture", "licence"):
        one.add_argument(f"--{setting}", help="for encoder.json")
    for setting in ("size", "dim", "bands"):
        one.add_argument(f"--{setting}", type=int, help="for encoder.json")
    one = add("convert", convert, "a checkpoint of torch's (.pt, .pth, .bin) that you trust, as safetensors")
    one.add_argument("file", type=Path)
    one.add_argument("--out", type=Path, default=Path("weights.safetensors"), help="%(default)s")
    one.add_argument("--half", action="store_true", help="as float16: half the size")
    one = add("import-openclip", import_openclip, "a CLIP checkpoint that you trust, in open_clip's format")
    one.add_argument("file", type=Path, help=".pt, .pth, .bin or .safetensors")
    one.add_argument("--architecture", required=True, help="open_clip's name for it, such as ViT-B-32")
    one.add_argument("--name", default="", help="as it shall be called; after the file without")
    one.add_argument("--licence", required=True, help="of the weights, as their authors say")
    one.add_argument("--source", default="", help="where they come from")
    one.add_argument("--half", action="store_true", help="as float16: half the size")
    one = add("quantise", quantise_, "a version with 8-bit numbers: smaller, often faster", "version")
    one.add_argument("--name", default="", help="of the new version; the same without")
    one.add_argument("--method", choices=METHODS, default=METHODS[0], help="dynamic for transformers (%(default)s)")
    one.add_argument("--images", type=Path, help="folder of pictures like those it will see")
    one.add_argument("--least", type=float, default=LEAST, help="agreement with the original asked for (%(default)s)")
    one.add_argument("--force", action="store_true", help="keep it whatever the agreement")


def main(words: list[str] | None = None, program: str = "python -m ml.modelstore", store: Path | None = None) -> None:
    options = arguments(program, store or names.default_store()).parse_args(words)
    try:
        options.run(options)
    except json.JSONDecodeError as error:
        raise BadEncoder(f"{options.config} is not JSON: {error}") from error


if __name__ == "__main__":
    command.run(main)
