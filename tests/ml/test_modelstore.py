"""Publishing into the model store, finding in it, and what may change afterwards."""

import errno
import json
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from ml import encoders, modelstore
from ml.errors import BadEncoder, DamagedModel, NoSuchModel
from tests.ml.making import content, make_entry, small_disk


def published(models: Path, name: str = "mine", **config: object) -> Path:
    """A version without weights: statistics of colour."""
    folder = make_entry(models.parent / f"made-{len(list(models.parent.iterdir()))}", **config)
    return modelstore.publish(folder, models, name)


@pytest.fixture
def models(tmp_path: Path) -> Path:
    return tmp_path / "models"


def test_versions_are_numbered_and_can_be_loaded(models: Path) -> None:
    first, second = published(models), published(models)
    assert (first, second) == (models / "mine" / "1", models / "mine" / "2")
    encoder = encoders.load(second)
    assert (encoder.name, encoder.version) == ("mine", "2")


def test_the_folder_that_was_published_stays_as_it_was(models: Path, tmp_path: Path) -> None:
    folder = make_entry(tmp_path / "e")
    before = content(folder)
    modelstore.publish(folder, models, "mine")
    assert content(folder) == before


def test_two_at_once_both_succeed_with_different_numbers(models: Path, tmp_path: Path) -> None:
    folders = [make_entry(tmp_path / f"e{i}") for i in range(8)]
    with ThreadPoolExecutor(8) as pool:
        made = list(pool.map(lambda folder: modelstore.publish(folder, models, "mine").name, folders))
    assert sorted(made) == list("12345678")
    assert {json.loads((models / "mine" / number / "encoder.json").read_text())["version"] for number in made} == {
        *made
    }


def test_a_number_is_never_given_twice(models: Path) -> None:
    import shutil

    published(models)
    shutil.rmtree(published(models))
    assert published(models).name == "3"


@pytest.mark.parametrize("name", ["", "Mine", "../mine", "a/b", "x" * 65, "-x", "colour", "campaign-7", ".arriving"])
def test_names_that_cannot_be_an_encoders_are_refused(models: Path, name: str) -> None:
    with pytest.raises(BadEncoder, match="name"):
        published(models, name)
    assert not list(models.glob("*/*/encoder.json"))


def test_a_pickle_is_refused_with_what_to_do(models: Path, tmp_path: Path) -> None:
    folder = make_entry(tmp_path / "e")
    (folder / "model.pt").write_bytes(b"\x80\x02")
    with pytest.raises(BadEncoder, match="can run any code .* import-openclip"):
        modelstore.publish(folder, models, "mine")
    assert not list(models.rglob("encoder.json"))


def test_links_are_refused(models: Path, tmp_path: Path) -> None:
    folder = make_entry(tmp_path / "e")
    (folder / "weights.safetensors").symlink_to("/etc/passwd")
    with pytest.raises(BadEncoder, match="not a plain file"):
        modelstore.publish(folder, models, "mine")


def test_a_full_disk_leaves_nothing_half(tmp_path: Path) -> None:
    folder = make_entry(tmp_path / "e", kind="colour")
    (folder / "weights.safetensors").write_bytes(bytes(3 * 2**20))
    with small_disk(tmp_path / "disk", 2**20) as disk, pytest.raises(OSError) as caught:
        modelstore.publish(folder, disk / "models", "mine")
    assert caught.value.errno in (errno.ENOSPC, errno.EFBIG)
    assert not [path for path in (tmp_path / "disk").rglob("*") if path.is_file()]


def test_damage_is_found_and_named(models: Path) -> None:
    folder = published(models)
    modelstore.verify(folder)
    (folder / "encoder.json").write_text((folder / "encoder.json").read_text().replace("none", "mine"))
    (folder / "extra.txt").write_text("")
    with pytest.raises(DamagedModel, match=r"mine/1 is damaged: encoder.json was changed. extra.txt was not there"):
        modelstore.verify(folder)


def test_a_changed_checksum_is_damage_too(models: Path) -> None:
    folder = published(models)
    told = json.loads((folder / "checksums.json").read_text())
    told["files"]["encoder.json"] = "0" * 64
    (folder / "checksums.json").write_text(json.dumps(told))
    with pytest.raises(DamagedModel, match="does not match its own checksum"):
        modelstore.verify(folder)


def test_a_bare_name_means_the_promoted_version_else_the_newest(models: Path) -> None:
    for _ in range(3):
        published(models)
    assert modelstore.find(models, "mine").version == "3"
    modelstore.promote(models, "mine/1")
    assert modelstore.find(models, "mine").version == "1"
    modelstore.promote(models, "mine/2")
    assert [one.version for one in modelstore.versions(models, "mine") if one.promoted] == ["2"]


def test_a_retired_version_is_not_offered_but_still_found_by_number(models: Path) -> None:
    published(models), published(models)
    modelstore.promote(models, "mine/2")
    modelstore.retire(models, "mine/2")
    assert modelstore.find(models, "mine").version == "1"
    assert modelstore.find(models, "mine/2").retired
    assert [one.reference for one in modelstore.listed(models, retired=False) if not one.comes_with] == ["mine/1"]


def test_a_retired_version_cannot_be_promoted_until_it_is_back(models: Path) -> None:
    published(models)
    modelstore.retire(models, "mine/1")
    with pytest.raises(BadEncoder, match="is retired"):
        modelstore.promote(models, "mine/1")
    modelstore.unretire(models, "mine/1")
    modelstore.promote(models, "mine/1")
    assert modelstore.find(models, "mine").promoted


def test_all_retired_is_said(models: Path) -> None:
    published(models)
    modelstore.retire(models, "mine/1")
    with pytest.raises(NoSuchModel, match="All versions of mine are retired"):
        modelstore.find(models, "mine")


def test_what_comes_with_lookalike_is_listed_and_stays(models: Path) -> None:
    found = {one.name: one for one in modelstore.listed(models)}
    assert found["colour"].comes_with
    assert modelstore.find(models, "mobilenet").folder == encoders.builtin()["mobilenet"]
    with pytest.raises(BadEncoder, match="comes with Lookalike"):
        modelstore.retire(models, "colour/1")


def test_folders_of_classifiers_are_passed_over(models: Path) -> None:
    (models / "campaign-1" / "1").mkdir(parents=True)
    (models / "campaign-1" / "1" / "classifier.json").write_text("{}")
    assert all(one.comes_with for one in modelstore.listed(models))


@pytest.mark.parametrize("reference", ["nobody", "mine/9", "../etc", "mine/1/..", "mine/x", "/etc/passwd"])
def test_what_is_not_there_is_said(models: Path, reference: str) -> None:
    published(models)
    with pytest.raises(NoSuchModel):
        modelstore.find(models, reference)


def test_the_store_does_not_load_torch_or_django() -> None:
    code = "import sys, ml.modelstore; print({'torch', 'django'} & set(sys.modules))"
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert run.stdout.strip() == "set()"


def test_a_damaged_version_is_not_promoted(models: Path) -> None:
    (published(models) / "encoder.json").write_text('{"kind": "colour"}')
    with pytest.raises(DamagedModel, match="encoder.json was changed"):
        modelstore.promote(models, "mine/1")


def test_everybody_on_the_machine_may_read_a_version(models: Path, tmp_path: Path) -> None:
    folder = make_entry(tmp_path / "e")
    (folder / "encoder.json").chmod(0o600)
    assert (
        modelstore.publish(folder, models, "mine", move=True).joinpath("encoder.json").stat().st_mode & 0o777 == 0o644
    )


def test_what_a_reduced_encoder_is_made_of_is_pinned(models: Path, tmp_path: Path) -> None:
    published(models)
    folder = modelstore.publish(make_entry(tmp_path / "r", kind="reduced", of="mine"), models, "short")
    assert json.loads((folder / "encoder.json").read_text())["of"] == "mine/1"
