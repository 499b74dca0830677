"""The map page's HTML, and the back office."""

import json

import pytest
from django.contrib import admin
from django.urls import reverse

from search.models import Dataset, Shard, Status
from tests.factories import make_gallery, make_map


def config(response):
    text = response.content.decode().split('id="config"')[1].split(">", 1)[1].split("</script>")[0]
    return json.loads(text)


def test_the_page_brings_what_the_map_needs(client, world):
    found = config(client.get("/"))
    assert found["dataset"]["slug"] == "world"
    assert found["api"] == "/api/v1/"


def test_the_address_chooses_the_dataset(client, world, tmp_path):
    make_gallery(tmp_path / "g")
    assert config(client.get("/?dataset=pictures"))["dataset"]["kind"] == "gallery"


def test_an_unknown_dataset_is_a_404_that_explains_itself(client, world):
    response = client.get("/?dataset=atlantis")
    assert response.status_code == 404
    assert "atlantis" in response.content.decode()


@pytest.mark.django_db
def test_without_any_dataset_the_page_says_how_to_begin(client):
    Dataset.objects.all().delete()
    response = client.get("/")
    assert response.status_code == 200
    assert "import_images" in response.content.decode()


def test_private_datasets_are_not_listed_for_strangers(client, world, tmp_path):
    make_gallery(tmp_path / "g", public=False)
    assert [d["slug"] for d in config(client.get("/"))["datasets"]] == ["world"]


def test_a_dataset_name_cannot_break_out_of_the_page(client, world):
    Dataset.objects.filter(pk=world.pk).update(name="</script><script>alert(1)</script>")
    assert "<script>alert" not in client.get("/").content.decode()


@pytest.mark.parametrize("model", sorted(admin.site._registry, key=str))
def test_every_model_has_its_list_in_the_back_office(admin_client, world, model):
    name = f"admin:{model._meta.app_label}_{model._meta.model_name}_changelist"
    assert admin_client.get(reverse(name)).status_code == 200


def test_every_model_of_ours_is_registered():
    from django.apps import apps

    assert set(apps.get_app_config("search").get_models()) <= set(admin.site._registry)


def test_a_dataset_can_be_looked_at_in_the_back_office(admin_client, world):
    assert admin_client.get(reverse("admin:search_dataset_change", args=[world.pk])).status_code == 200


@pytest.mark.django_db
@pytest.mark.parametrize(("action", "status"), [("cancel", Status.CANCELLED), ("build_again", Status.WAITING)])
def test_shards_can_be_cancelled_and_built_again(admin_client, action, status):
    shard = Shard.objects.of(make_map()).get()
    data = {"action": action, "_selected_action": [shard.pk]}
    admin_client.post(reverse("admin:search_shard_changelist"), data)
    assert Shard.objects.get(pk=shard.pk).status == status


def test_guests_do_not_see_the_back_office(client, world):
    assert client.get("/admin/").status_code == 302
