"""A shard: the tiles of one dataset, product, level and date under one encoder, as a folder of columns.

    tiles.parquet   key, west, south, east, north, [name,] metrics…, in order of key
    vectors.npy     float16 (count, dim), unit length, same order; read by memory map
    index.*, projection.npy   the index over the same rows; absent where a scan is as quick
    shard.json      what it is, with the size and SHA-256 of the others

`ShardWriter` makes one, tile by tile, and survives being killed; `Shard` reads one.
"""

from ml.shards.reader import Shard
from ml.shards.writer import ShardWriter, rebuild_index

__all__ = ["Shard", "ShardWriter", "rebuild_index"]
