"""What a download would be: tiles of boxes and polygons, dates, refusals."""

from collections.abc import Iterator

import pytest

from search import gibs
from search.errors import BadQuery, NoSuchLayer, TooManyTiles
from search.gibs import endpoint, region, rules
from search.grid import ANTARCTIC, ARCTIC, GEOGRAPHIC, MERCATOR
from tests.gibs_downloads import TERRA, plan
from tests.gibs_server import GibsServer

VIIRS = "VIIRS_SNPP_CorrectedReflectance_TrueColor"
GOES = "GOES-East_ABI_GeoColor"


@pytest.fixture(scope="module", autouse=True)
def server() -> Iterator[GibsServer]:
    with GibsServer() as server, endpoint.chosen(server.url):
        yield server


def ring(*points: tuple[float, float]) -> dict:
    return {"type": "Polygon", "coordinates": [[*points, points[0]]]}


def test_a_box_is_its_tiles_times_its_dates() -> None:
    found = plan(dates=["2012-07-09", "2012-07-10"])
    assert len(found) == len(list(found.addresses())) == 2 * 9
    assert next(found.addresses()) == ("2012-07-09", 6, 17, 40)


def test_a_box_across_the_date_line_has_both_rims() -> None:
    cols = plan(bbox=[170, -20, -170, -10]).tiles[6][:, 1]
    assert sorted(set(cols.tolist())) == [0, 1, 2, 77, 78, 79]


def test_the_whole_earth_is_every_tile() -> None:
    assert len(plan(bbox=None, levels=[3, 5]).tiles[5]) == GEOGRAPHIC.rows(5) * GEOGRAPHIC.columns(5)


def test_a_box_that_ends_on_a_tiles_rim_does_not_take_the_next_tile() -> None:
    assert plan(bbox=[0, 0, 4.5, 4.5]).tiles[6].tolist() == [[19, 40]]


def test_a_polygon_takes_only_the_tiles_that_it_touches() -> None:
    triangle = ring((0, 0), (40, 0), (0, 40))
    of_box, of_triangle = plan(bbox=[0, 0, 40, 40]), plan(bbox=None, polygon=triangle)
    assert len(of_triangle) < 0.65 * len(of_box)
    assert {tuple(t) for t in of_triangle.tiles[6].tolist()} < {tuple(t) for t in of_box.tiles[6].tolist()}


@pytest.mark.parametrize("east", [-177, 183])
def test_a_polygon_across_the_date_line_stays_small(east: float) -> None:
    island = ring((177, -20), (east, -20), (east, -15), (177, -15))
    assert sorted(set(plan(bbox=None, polygon=island).tiles[6][:, 1].tolist())) == [0, 79]


@pytest.mark.parametrize("turned", [False, True])
def test_a_polygon_around_the_pole_holds_the_pole(turned: bool) -> None:
    points = [(-150, 70), (-50, 70), (50, 70), (150, 70)]
    cap = plan(bbox=None, polygon=ring(*(points[::-1] if turned else points)), levels=[4]).tiles[4]
    assert set(cap[:, 0].tolist()) == {0, 1}


def test_features_and_collections_are_read() -> None:
    feature = {"type": "Feature", "properties": {}, "geometry": ring((0, 0), (4, 0), (4, 4))}
    other = {"type": "Feature", "properties": {}, "geometry": ring((90, 0), (94, 0), (94, 4))}
    both = plan(bbox=None, polygon={"type": "FeatureCollection", "features": [feature, other]})
    assert both.tiles[6].tolist() == [[19, 40], [19, 60]]


@pytest.mark.parametrize(
    ("polygon", "why"),
    [
        ({"type": "Point", "coordinates": [0, 0]}, "no polygon"),
        ({"type": "Polygon", "coordinates": [[[0, 0], [1, 1]]]}, "cannot be read"),
        ({"features": []}, "not GeoJSON"),
        (ring((0, 0), (500, 0), (500, 40)), "not on Earth"),
        ("{", "not GeoJSON"),
    ],
)
def test_a_polygon_that_cannot_be_is_refused(polygon: object, why: str) -> None:
    with pytest.raises(BadQuery, match=why):
        plan(bbox=None, polygon=polygon)


@pytest.mark.parametrize(
    ("bbox", "why"),
    [([0, 0, 1], "four numbers"), ([0, 10, 10, 0], "south must be below"), ([0, 0, 10, 100], "-90 to 90"),
     ([-500, 0, 10, 10], "-180 to 180"), ([0, 0, float("nan"), 1], "must be numbers")],
)  # fmt: skip
def test_a_box_that_cannot_be_is_refused(bbox: list[float], why: str) -> None:
    with pytest.raises(BadQuery, match=why):
        plan(bbox=bbox)


@pytest.mark.parametrize(("pyramid", "south", "north"), [(ARCTIC, 80, 90), (ANTARCTIC, -90, -80)])
def test_a_ring_around_a_pole_surrounds_it(pyramid: object, south: float, north: float) -> None:
    found = plan(bbox=[-180, south, 180, north], epsg=pyramid.epsg, levels=[3]).tiles[3]  # type: ignore[attr-defined]
    assert {(7, 7), (7, 8), (8, 7), (8, 8)} <= {tuple(t) for t in found.tolist()}
    assert len(found) < 40


def test_a_polar_box_holds_the_tile_of_every_place_in_it() -> None:
    found = {tuple(t) for t in plan(bbox=[150, 70, -150, 80], epsg=3413, levels=[4]).tiles[4].tolist()}
    places = [(lon, lat) for lon in (151, 170, 179.9, -179.9, -165, -151) for lat in (70.5, 75, 79.5)]
    assert {ARCTIC.tile_at(lon, lat, 4) for lon, lat in places} <= found


def test_a_mercator_box_holds_the_tile_of_every_place_in_it() -> None:
    found = {tuple(t) for t in plan(bbox=[170, 50, -170, 60], epsg=3857, levels=[6]).tiles[6].tolist()}
    assert {MERCATOR.tile_at(lon, lat, 6) for lon in (170.1, 179.9, -179.9, -170.1) for lat in (50.1, 59.9)} <= found
    assert len(found) == 16


def test_a_region_outside_the_projection_is_refused() -> None:
    with pytest.raises(BadQuery, match="lies outside what EPSG:3031 shows"):
        plan(bbox=[0, 60, 10, 70], epsg=3031, levels=[3])


def test_a_range_takes_the_dates_that_the_layer_has_and_says_what_it_lacks() -> None:
    found = plan(layer=VIIRS, dates=None, **{"from": "2013-06-29", "to": "2013-07-06", "step": 1})
    assert found.describe()["dates"] == ["2013-06-29", "2013-06-30", "2013-07-05", "2013-07-06"]
    assert "nothing on 4 of these dates" in found.notes[0]


def test_a_range_without_a_step_takes_every_date_of_the_layer() -> None:
    found = plan(layer="MODIS_Terra_NDVI_8Day", dates=None, levels=[4], **{"from": "2004-01-01", "to": "2004-01-31"})
    assert found.describe()["dates"] == ["2004-01-01", "2004-01-09", "2004-01-17", "2004-01-25"]


def test_a_step_of_months() -> None:
    found = plan(dates=None, **{"from": "2012-01-31", "to": "2012-04-30", "step": "P1M"})
    assert found.describe()["dates"] == ["2012-01-31", "2012-02-29", "2012-03-31", "2012-04-30"]


def test_more_dates_than_the_capabilities_list_come_from_the_layers_own_address() -> None:
    assert len(plan(layer="Landsat_Many_Dates", dates=["2010-01-05"])) == 9


def test_a_date_that_is_lacking_names_the_nearest() -> None:
    with pytest.raises(BadQuery, match="nearest are 2013-06-30 and 2013-07-05"):
        plan(layer=VIIRS, dates=["2013-07-02"])


def test_several_pictures_a_day_are_a_product_each() -> None:
    with pytest.raises(BadQuery, match="several pictures a day"):
        plan(layer=GOES, dates=["2024-03-05"], levels=[4])
    found = plan(layer=GOES, dates=["2024-03-05"], levels=[4], time=["12:00", "18:30"])
    assert found.describe()["products"] == [f"{GOES}_T1200", f"{GOES}_T1830"]
    assert next(found.addresses())[0] == "2024-03-05T12:00:00Z"


def test_a_layer_without_dates_is_static() -> None:
    assert "/static/500m" in plan(layer="BlueMarble_NextGeneration", dates=None).sheets[0].folder


@pytest.mark.parametrize(
    ("changed", "why"),
    [
        ({"levels": [9]}, "has no level 9: its levels go from 0 to 8"),
        ({"levels": ["six"]}, "not a level"),
        ({"levels": []}, "Which level"),
        ({"dates": []}, "Which dates"),
        ({"dates": ["yesterday"]}, "not a date"),
        ({"dates": ["1999-01-01"]}, "it has 2000-02-24 to"),
        ({"dates": None, "from": "2012-07-09", "to": "2012-07-01"}, "must not be after"),
        ({"dates": None, "from": "2012-07-09", "to": "2012-07-12", "step": "often"}, "not a step"),
        ({"time": "12:00"}, "one picture a day"),
        ({"epsg": 2056}, "not a projection of GIBS"),
        ({"endpoint": "http://127.0.0.1"}, "has no endpoint"),
        ({"polygon": ring((0, 0), (1, 0), (1, 1))}, "not both"),
        ({"connections": 900}, "NASA allows 1 to 500"),
    ],
)
def test_nonsense_is_refused_with_a_sentence(changed: dict, why: str) -> None:
    with pytest.raises(BadQuery, match=why):
        plan(**changed)


def test_more_than_a_million_tiles_is_refused_with_nasas_rule() -> None:
    with pytest.raises(TooManyTiles, match="announced 48 hours ahead"):
        plan(dates=None, bbox=None, levels=[8], **{"from": "2012-07-01", "to": "2012-07-31"})


def test_what_was_asked_for_today_counts(server: GibsServer) -> None:
    rules.count(999_995)
    try:
        with pytest.raises(TooManyTiles, match="after 999,995 in the last 24 hours"):
            plan()
    finally:
        (endpoint.home() / "asked.json").unlink()


def test_nobody_may_ask_for_more_than_nasa_allows() -> None:
    with endpoint.chosen("https://gibs.earthdata.nasa.gov"):
        assert rules.limits() == rules.Limits(32, 50.0, 200.0)
        with pytest.raises(BadQuery, match="at most 50 sustained"):
            rules.limits(megabits=80)


def test_words_find_a_layer() -> None:
    assert plan(layer="terra true color").layer.id == TERRA
    assert [layer.id for layer in gibs.find_layers("temperature")] == ["MODIS_Terra_Brightness_Temp_Band31_Day"]
    assert gibs.find_layers("penguins") == []


def test_words_for_several_layers_list_them() -> None:
    with pytest.raises(NoSuchLayer, match="4 layers fit 'true color'; write the id of one of them: MODIS_"):
        plan(layer="true color")


def test_words_for_no_layer_name_near_ones() -> None:
    with pytest.raises(NoSuchLayer, match="Did you mean MODIS_Terra_CorrectedReflectance_TrueColor"):
        plan(layer="terra tru colour")


def test_capabilities_are_asked_for_once(server: GibsServer) -> None:
    plan()
    server.forget()
    plan()
    assert not server.asked


def test_a_box_around_a_region_across_the_date_line() -> None:
    assert region.around(region.of_box([170, -20, -170, -10])) == (170, -20, -170, -10)
