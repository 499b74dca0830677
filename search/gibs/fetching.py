"""One tile, now: for a click where the archive has none."""

from search.models import Product


def fetch_one(product: Product, day: int, level: int, row: int, col: int) -> bool:
    """Have one tile of a downloaded product on disk; False when the server has no such tile.

    day: a tile key's.  The file is put into its scene's folder; a scene that exists keeps its version and its list, one
    that does not is made of this tile alone. Raises BadQuery for products that were not downloaded, NoSuchTile for
    levels and places that the layer does not have, Unreachable.
    """
    raise NotImplementedError
