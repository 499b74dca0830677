from datetime import date

import pytest

from search import grid, worldview
from search.errors import BadQuery
from search.models import Product

LAYER = "MODIS_Terra_CorrectedReflectance_TrueColor"


@pytest.fixture
def layered(world):
    """The world's product comes from GIBS."""
    Product.objects.filter(dataset=world).update(source={"gibs": {"layer": LAYER}})
    return world


def opened(user, **given):
    return worldview.opened(user, given)


def test_layers_are_read_with_what_is_in_their_brackets():
    assert worldview.read_layers("A(hidden),B(opacity=0.5,palette=red_1),C") == (
        worldview.Layer("A", hidden=True), worldview.Layer("B", opacity=0.5), worldview.Layer("C"),
    )  # fmt: skip


@pytest.mark.parametrize("text", ["2012-07-09-T00:00:00Z", "2012-07-09T12:30:00Z", "2012-07-09"])
def test_times_are_read_as_days(text):
    assert worldview.read_day(text) == date(2012, 7, 9)


@pytest.mark.parametrize(
    "given", [{"v": "1,2,3"}, {"v": "5,0,1,2"}, {"v": "nan,0,1,2"}, {"t": "someday"}, {"p": "moon"}]
)
def test_what_no_worldview_writes_is_refused(given):
    with pytest.raises(BadQuery):
        worldview.read(given)


@pytest.mark.django_db
def test_layer_nearest_date_opacity_and_box_are_opened(layered, admin_user):
    found = opened(admin_user, v="-5,20,5,28", l=f"Coastlines(hidden),{LAYER}(opacity=0.5)", t="2004-02-20")
    assert found == {
        "dataset": "world", "product": "true-colour", "date": "2004-03-01", "opacity": "0.5", "v": "-5,20,5,28",
    }  # fmt: skip


@pytest.mark.django_db
def test_a_hidden_layer_is_not_opened(layered, admin_user):
    assert "product" not in opened(admin_user, l=f"{LAYER}(hidden)")


@pytest.mark.django_db
def test_an_unknown_layer_opens_the_place(world, admin_user):
    assert opened(admin_user, l="VIIRS_Something", v="0,0,9,9", dataset="world") == {"dataset": "world", "v": "0,0,9,9"}


@pytest.mark.django_db
def test_a_comparison_is_taken_along(layered, admin_user):
    found = opened(admin_user, l=LAYER, t="2004-01-01", ca="true", l1=LAYER, t1="2004-03-01", cm="swipe", cv="30")
    assert (found["compare"], found["date2"], found["split"]) == ("swipe", "2004-03-01", "0.3")


@pytest.mark.django_db
def test_a_box_of_another_projection_is_carried_over(layered, admin_user):
    found = opened(admin_user, p="arctic", l=LAYER, v="-1000000,-1000000,1000000,1000000")
    assert found["v"].split(",")[0::2] == ["-180", "180"]
    assert grid.ARCTIC.to_geographic((-1e6, -1e6, 1e6, 1e6))[1] == pytest.approx(
        float(found["v"].split(",")[1]), abs=0.01
    )


@pytest.mark.django_db
def test_the_page_redirects_to_the_map(client, layered):
    response = client.get("/worldview/", {"l": LAYER, "t": "2004-01-01", "v": "0,0,9,9"})
    assert response.status_code == 302
    assert response["Location"] == "/?dataset=world&product=true-colour&date=2004-01-01&v=0,0,9,9"


@pytest.mark.django_db
def test_the_page_says_what_is_wrong(client, layered):
    assert client.get("/worldview/", {"v": "here"}).status_code == 400


@pytest.mark.django_db
def test_datasets_that_one_may_not_see_are_not_opened(client, layered):
    type(layered).objects.filter(pk=layered.pk).update(is_public=False)
    assert client.get("/worldview/", {"l": LAYER}).status_code == 400
