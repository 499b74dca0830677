"""A folder of images becomes a searchable shard, without a site and without a database."""

from ml.embed.embedding import Embedded, embed_folder
from ml.embed.finding import find_encoder
from ml.embed.folder import Folder, stretch_of, tile_of

__all__ = ["Embedded", "Folder", "embed_folder", "find_encoder", "stretch_of", "tile_of"]
