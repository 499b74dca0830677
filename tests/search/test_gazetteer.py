import pytest

from search import coordinates, gazetteer

ZURICH = (8.55, 47.36667)


def test_a_name_is_found_without_its_accents():
    assert gazetteer.find("zurich")[0].name == "Zürich"


def test_a_name_is_found_in_its_own_script():
    assert gazetteer.find("Москва")[0].name == "Moscow"
    assert gazetteer.find("東京")[0].name == "Tokyo"


def test_the_larger_place_comes_first():
    assert gazetteer.find("Paris")[0].detail == "France"


def test_the_beginning_is_enough():
    assert "Bahamas" in [place.name for place in gazetteer.find("baham")]


def test_landscapes_have_names_too():
    assert gazetteer.find("lake chad")[0].kind == "nature"
    assert gazetteer.find("chad")[0].kind == "country"


@pytest.mark.parametrize("text", ["", "   ", "xqzzyx", "'; drop table", "\x00", "?" * 5000])
def test_nothing_is_found_for_nothing(text):
    assert gazetteer.find(text) == []


def test_what_is_shown_around_a_place_holds_it():
    for name in ("zurich", "fiji", "north pole", "greenland", "bering sea"):
        place = gazetteer.find(name)[0]
        west, south, east, north = place.describe()["bbox"]
        assert -180 <= west <= 180
        assert -180 <= east <= 180
        assert south < place.lat <= north or place.lat == 90
        assert (west < place.lon < east) if west < east else (place.lon > west or place.lon < east)


@pytest.mark.parametrize(
    "text",
    [
        "47.36667, 8.55", "47.36667 8.55", "47.36667;8.55", "47,36667, 8,55", "N47.36667 E8.55", "47.36667N, 8.55E",
        "8.55E 47.36667N", "47°22'N 8°33'E", "47° 22' 0\" N, 8° 33' 0\" E", "47 22 0 N 8 33 0 E", "47°22′N, 8°33′E",
    ],
)  # fmt: skip
def test_coordinates_are_read_in_the_ways_people_write_them(text):
    assert coordinates.read(text) == pytest.approx(ZURICH, abs=1e-4)


def test_south_and_west_are_negative():
    assert coordinates.read("33.9S 151.2W") == (-151.2, -33.9)
    assert coordinates.read("-33.9, -151.2") == (-151.2, -33.9)


@pytest.mark.parametrize(
    "text", ["95, 10", "10, 400", "47N 8N", "8E 9E", "47 61 0 N, 8 0 0 E", "1e9, 3", "47", "a, b", ""]
)
def test_what_is_no_place_on_earth_is_none(text):
    assert coordinates.read(text) is None


@pytest.mark.django_db
def test_the_api_answers_places(client):
    found = client.get("/api/v1/places", {"q": "Zür"}).json()["results"][0]
    assert found["name"] == "Zürich"
    assert found["center"] == pytest.approx(ZURICH)


@pytest.mark.django_db
def test_the_api_answers_nothing_for_nothing(client):
    assert client.get("/api/v1/places").json() == {"results": []}
