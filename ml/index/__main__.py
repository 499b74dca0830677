"""python -m ml.index SHARD: build the shard's index again and measure it; with --query IMAGE ask it for lookalikes."""

import argparse
import json
from pathlib import Path
from typing import Any

from ml import command, encoders, modelstore
from ml.embed import find_encoder, stretch_of, tile_of
from ml.errors import ShardMismatch
from ml.index import ENGINES, SCAN
from ml.shards import Shard, rebuild_index


def lookalikes(shard: Shard, image: Path, encoder: encoders.Encoder, k: int) -> list[dict[str, Any]]:
    """[{"key", "name", "score"}], best first; raises ShardMismatch when another encoder made the shard, BadImage."""
    if encoder.fingerprint != shard.meta["fingerprint"].split("-")[0]:  # the site appends the imagery's version
        raise ShardMismatch(
            f"The shard was made by {shard.meta['encoder']}, not by this {encoder.name}: use --encoder."
        )
    stretch = shard.meta.get("stretch") or stretch_of(encoder)
    query = encoder.encode_images(tile_of(image, encoder.size, encoder.bands, stretch)[None])[0]
    rows, scores = shard.search(query, k)
    names = shard.column("name") if "name" in shard.columns else [None] * shard.count
    return [
        {"key": int(shard.keys[row]), "name": names[row], "score": round(float(score), 4)}
        for row, score in zip(rows, scores, strict=True)
    ]


def main() -> None:
    parser = argparse.ArgumentParser("python -m ml.index", description=__doc__)
    parser.add_argument("shard", type=Path, help="folder that python -m ml.embed has made")
    parser.add_argument("--engine", choices=sorted(ENGINES), help="by default the one it has; docs/engines.md compares")
    parser.add_argument("--query", type=Path, metavar="IMAGE", help="do not rebuild; find what looks like this image")
    parser.add_argument("-k", type=int, default=10, help="how many to find")
    parser.add_argument("--encoder", help="name or folder of the encoder, when it is neither built in nor in the store")
    parser.add_argument("--store", type=Path, default=modelstore.default_store(), help="the model store; %(default)s")
    parser.add_argument("--json", action="store_true", help="for scripts: JSON on stdout, no progress bar")
    options = parser.parse_args()
    if options.k < 1:
        parser.error("-k must be at least 1")
    _query(options) if options.query else _rebuild(options)


def _rebuild(options: argparse.Namespace) -> None:
    with command.progress_bars(quiet=options.json) as progress:
        manifest = rebuild_index(options.shard, engine=options.engine, on_progress=progress)
    if options.json:
        command.say(json.dumps(manifest["index"], indent=1))
    elif (index := manifest["index"]) is None:
        command.say("The shard is empty: there is nothing to index.")
    else:
        command.say(told(index, manifest["count"]))


def told(index: dict[str, Any], count: int) -> str:
    if index["engine"] == SCAN:
        return f"With {count} tiles every search compares all of them, which is exact and quick enough: no index."
    measured = index["measured_on"]
    return (
        f"{index['engine']} over {count} tiles. Of the {measured['k']} nearest it finds {index['recall']:.1%}, "
        f"measured with {measured['queries']} tiles drawn at random as queries."
    )


def encoder_of(meta: dict[str, Any]) -> str:
    """What the shard's encoder is called: built in, or one version of the model store's."""
    name, version = str(meta["encoder"]), meta.get("version")
    return name if name in encoders.builtin() or version is None else f"{name}/{version}"


def _query(options: argparse.Namespace) -> None:
    shard = Shard.open(options.shard)
    name = options.encoder or encoder_of(shard.meta)
    encoder = encoders.load(find_encoder(name, options.store))
    found = lookalikes(shard, options.query, encoder, options.k)
    if options.json:
        command.say(json.dumps(found, indent=1))
        return
    for result in found:
        command.say(f"{result['score']:.3f}  {result['name'] or result['key']}")


if __name__ == "__main__":
    command.run(main)
