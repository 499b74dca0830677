"""What a training reads of a dataset."""

import numpy as np
import pytest

from search import imagery, keys
from search.errors import BadQuery
from search.models import Dataset, Product
from search.training import gathering, options
from search.training.options import Options
from tests.factories import JANUARY, MARCH, make_gallery, make_map, make_raster, noise

pytestmark = pytest.mark.django_db


@pytest.fixture
def dataset(django_db_setup) -> Dataset:
    return make_map("taught", [JANUARY, MARCH], levels=(4,))


def gathered(dataset, *, most=0, seed=0, size=32, **chosen):
    wanted = options.checked(dataset, Options.of({"size": size, **chosen}))
    found = options.scenes(dataset, wanted)
    parts = gathering.parts(found, wanted.levels, most=most, seed=seed)
    read = [tiles for part in parts for _, tiles in gathering.read(part, size)]
    return gathering.Tiles(*(np.concatenate(column) for column in zip(*read, strict=True)))


def test_two_dates_of_one_place_have_one_number(dataset):
    tiles = gathered(dataset)
    _, counts = np.unique(tiles.places, return_counts=True)
    assert (len(tiles.keys), set(counts.tolist())) == (400, {2})


def test_cells_are_level_row_and_column(dataset):
    tiles = gathered(dataset)
    at = keys.unpack(int(tiles.keys[-1]))
    assert tiles.cells[-1].tolist() == [4, at.row, at.col]


def test_pixels_are_those_that_an_encoder_sees(dataset):
    tiles = gathered(dataset)
    at = keys.unpack(int(tiles.keys[77]))
    scene = next(s for s in options.scenes(dataset, Options()) if s.day == at.day)
    with imagery.opened(scene) as reader:
        seen, _ = reader.sample(at.level, at.row, at.col, 32)
    assert np.abs(tiles.images[77].astype(int) - seen).mean() < 2


def test_a_part_is_drawn_in_blocks_with_all_their_dates(dataset):
    tiles = gathered(dataset, most=100)
    _, counts = np.unique(tiles.places, return_counts=True)
    assert 50 <= len(tiles.keys) <= 100
    assert set(counts.tolist()) == {2}
    assert np.array_equal(tiles.keys, gathered(dataset, most=100).keys)
    assert not np.array_equal(tiles.keys, gathered(dataset, most=100, seed=1).keys)


def test_even_the_smallest_part_is_a_block(dataset):
    assert 0 < len(gathered(dataset, most=1).keys) <= 2 * gathering.BLOCK**2


def test_tiles_without_data_are_left_out(tmp_path, django_db_setup):
    picture = noise(3, 64, 64)
    picture[:, :, :40] = 0
    path = make_raster(tmp_path / "half.tif", picture, (0, 0, 18, 18), nodata=0)
    tiles = gathered(make_map("half", [path], levels=(7,)))
    assert (tiles.images.max(axis=(1, 2, 3)) > 0).all()
    assert tiles.cells[:, 2].min() >= 180 // 2.25 + 18 * 40 / 64 / 2.25 - 1


def test_pictures_of_a_gallery_have_no_places(tmp_path, django_db_setup):
    tiles = gathered(make_gallery(tmp_path / "g", count=35))
    assert (tiles.images.shape, set(tiles.places.tolist()), tiles.cells.max()) == ((35, 32, 32, 3), {-1}, -1)


@pytest.mark.parametrize(("level", "wanted", "size"), [(4, 64, 64), (9, 64, 32), (4, 4096, 112)])
def test_no_more_pixels_are_read_than_there_are(dataset, level, wanted, size):
    """The months' pixels are 0.176 degrees: 102 to a tile of level 4, the next step is 112; 3 to one of level 9."""
    assert gathering.native_size(options.scenes(dataset, Options()), [level], wanted) == size


@pytest.mark.parametrize(
    ("chosen", "why"),
    [({"products": ["no"]}, "no product no"), ({"first": "2050-01-01"}, "no imagery to learn from"),
     ({"first": "yesterday"}, "not a date"), ({"epochs": 0}, "at least one epoch"), ({"size": 8}, "32 to 256 pixels"),
     ({"method": "magic"}, "method must be one of"), ({"pairs": "twins"}, "pairs must be one of"),
     ({"backbone": "psychic"}, "no backbone 'psychic'"), ({"start": "nobody/3"}, "no encoder 'nobody'"),
     ({"start": "imagenet", "backbone": "resnet18"}, "can only go on as one"),
     ({"views": {"rotation": 400}}, "rotation must lie"), ({"views": {"spin": 1}}, "no setting spin")],
)  # fmt: skip
def test_what_cannot_be_learnt_from_or_with_is_refused(dataset, chosen, why):
    with pytest.raises(BadQuery, match=why):
        options.checked(dataset, Options.of({"size": 32, **chosen}))


def test_too_few_tiles_are_refused(django_db_setup):
    with pytest.raises(BadQuery, match=r"has 15 tiles to learn from, and 32 are the least"):
        options.checked(make_map("few", levels=(2,)), Options())


def test_a_dataset_without_pictures_is_refused(world):
    empty = Dataset.objects.create(number=Dataset.next_number(), slug="empty", name="Empty", encoder=world.encoder)
    Product.objects.create(dataset=empty, number=1, name="none")
    with pytest.raises(BadQuery, match="no imagery to learn from"):
        options.checked(empty, Options())


@pytest.mark.parametrize(
    ("slug", "name"), [("ice", "ice-own"), ("_Old Ice_", "old-ice-own"), ("a" * 60, "a" * 58 + "-own")]
)
def test_an_encoder_is_named_after_its_dataset(slug, name):
    assert options.encoder_name(Dataset(slug=slug)) == name


def test_names_that_the_store_cannot_have_are_refused():
    with pytest.raises(BadQuery):
        options.encoder_name(Dataset(slug="ice"), "../ice")
