"""/tiles/<dataset>/<product>/<date>/<level>/<row>/<col>.<webp|jpg|png>"""

import io

import numpy as np
import pytest
from PIL import Image

from search import tiles
from search.models import Scene
from tests.factories import make_gallery, make_map, make_raster, noise

URL = "/tiles/world/true-colour/2004-01-01/5/7/21"


def opened(response):
    return Image.open(io.BytesIO(response.content))


@pytest.mark.parametrize(("form", "kind"), [("webp", "image/webp"), ("png", "image/png"), ("jpg", "image/jpeg")])
def test_a_tile_comes_in_three_formats(client, world, form, kind):
    response = client.get(f"{URL}.{form}")
    assert response["Content-Type"] == kind
    assert opened(response).size == (512, 512)


@pytest.mark.parametrize("size", [16, 256, 1024])
def test_a_tile_comes_in_any_size_within_limits(client, world, size):
    assert opened(client.get(f"{URL}.png?size={size}")).size == (size, size)


@pytest.mark.parametrize("size", ["0", "15", "1025", "100000000", "-5", "big", ""])
def test_other_sizes_are_refused(client, world, size):
    assert client.get(f"{URL}.png?size={size}").status_code == 400


def test_a_tile_may_be_kept_for_ever(client, world):
    response = client.get(f"{URL}.webp")
    assert response["Cache-Control"] == "public, max-age=31536000, immutable"


def test_a_tile_one_has_is_not_sent_again(client, world):
    etag = client.get(f"{URL}.webp")["ETag"]
    again = client.get(f"{URL}.webp", headers={"If-None-Match": etag})
    assert (again.status_code, again.content) == (304, b"")
    assert client.get(f"{URL}.png", headers={"If-None-Match": etag}).status_code == 200


def test_the_address_of_an_older_version_is_not_kept(client, world):
    assert client.get(f"{URL}.webp?v=old")["Cache-Control"] == "no-cache"


def test_the_sahara_is_bright_and_the_ocean_dark(client, world):
    sahara = np.asarray(opened(client.get(f"{URL}.png?size=64")))
    ocean = np.asarray(opened(client.get("/tiles/world/true-colour/2004-01-01/5/13/4.png?size=64")))
    assert sahara.mean() > 3 * ocean.mean()


@pytest.mark.parametrize(
    "path",
    ["world/true-colour/2004-01-01/5/20/0",
     "world/true-colour/2004-01-01/5/0/40", "world/true-colour/2004-01-01/14/0/0",
     "world/true-colour/2004-02-01/5/0/0", "world/infrared/2004-01-01/5/0/0", "atlantis/true-colour/2004-01-01/5/0/0"],
)  # fmt: skip
def test_a_tile_that_does_not_exist_is_a_404(client, world, path):
    assert client.get(f"/tiles/{path}.webp").status_code == 404


@pytest.mark.parametrize("path", ["world/true-colour/someday/5/0/0.webp", "world/true-colour/2004-99-01/5/0/0.webp"])
def test_a_date_that_is_none_is_refused(client, world, path):
    assert client.get(f"/tiles/{path}").status_code == 400


@pytest.mark.parametrize("path", ["world/true-colour/2004-01-01/5/0/0.gif", "world/../secret/2004-01-01/5/0/0.webp"])
def test_other_addresses_are_not_found(client, world, path):
    assert client.get(f"/tiles/{path}").status_code == 404


@pytest.mark.django_db
def test_no_data_is_transparent(client, tmp_path):
    make_map("half", [make_raster(tmp_path / "a.tif", noise(), (0, 0, 4.5, 9))], levels=(5,))
    image = opened(client.get("/tiles/half/true-colour/static/5/9/20.png?size=64"))
    alpha = np.asarray(image)[..., 3]
    assert alpha[:, :30].min() == 255
    assert alpha[:, 34:].max() == 0


@pytest.mark.django_db
def test_beyond_the_imagery_everything_is_transparent(client, tmp_path):
    make_map("half", [make_raster(tmp_path / "a.tif", noise())], levels=(5,))
    image = opened(client.get("/tiles/half/true-colour/static/5/0/0.webp?size=64"))
    assert np.asarray(image)[..., 3].max() == 0


@pytest.mark.django_db
def test_a_gallerys_pictures_have_addresses_too(client, tmp_path):
    make_gallery(tmp_path / "g")
    assert client.get("/tiles/pictures/images/static/0/0/2.webp?size=64").status_code == 200
    assert client.get("/tiles/pictures/images/static/0/0/99.webp?size=64").status_code == 404


@pytest.mark.django_db
def test_private_tiles_are_not_shown_to_strangers(client, admin_client, tmp_path):
    make_gallery(tmp_path / "g", public=False)
    assert client.get("/tiles/pictures/images/static/0/0/0.webp").status_code == 404
    assert admin_client.get("/tiles/pictures/images/static/0/0/0.webp")["Cache-Control"].startswith("private")


@pytest.mark.django_db
def test_a_private_tile_that_is_in_the_cache_is_not_shown_to_strangers(client, admin_client, tmp_path):
    make_gallery(tmp_path / "g", public=False)
    path = "/tiles/pictures/images/static/0/0/0.webp"
    assert admin_client.get(path).status_code == 200
    assert client.get(path).status_code == 404


@pytest.mark.django_db
def test_a_tile_made_private_is_no_longer_shown_from_the_cache(client, tmp_path):
    dataset = make_gallery(tmp_path / "g")
    path = "/tiles/pictures/images/static/0/0/0.webp"
    assert client.get(path).status_code == 200
    type(dataset).objects.filter(pk=dataset.pk).update(is_public=False)
    assert client.get(path).status_code == 404


def test_a_tile_is_rendered_once(client, world, monkeypatch):
    first = client.get(f"{URL}.webp").content
    monkeypatch.setattr(tiles, "render", None)
    assert client.get(f"{URL}.webp").content == first


@pytest.mark.django_db
def test_imagery_imported_anew_is_shown_at_once(client, tmp_path):
    """The cache knows tiles by the scene's version."""
    path = tmp_path / "a.tif"
    seen = []
    for seed in (1, 2):
        make_map("changing", [make_raster(path, noise(seed=seed))])
        seen.append(client.get("/tiles/changing/true-colour/static/5/9/20.png?size=64").content)
    assert seen[0] != seen[1]


def test_missing_imagery_is_a_clear_503(client, world):
    scene = Scene.objects.filter(product__dataset=world).first()
    scene.files.update(path="/nowhere/at/all.tif")
    scene.save()  # as an import does
    response = client.get(f"{URL}.webp")
    assert response.status_code == 503
    assert "gone" in response.content.decode()
