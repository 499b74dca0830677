"""A disk that fills up while a shard is written: a small tmpfs, mounted for the test."""

import errno
import subprocess
from pathlib import Path

import pytest

from search import building
from search.models import Shard, Status
from search.models.shards import shards_folder
from tests.factories import make_map

pytestmark = pytest.mark.django_db


@pytest.fixture
def small_disk():
    """The shards folder on a file system of 128 KB; root is what CI and the build machines run as."""
    folder = Path(shards_folder()) / "small"
    folder.mkdir(parents=True, exist_ok=True)
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=128k", "tmpfs", folder], check=True)
    yield folder
    subprocess.run(["umount", folder], check=True)


def test_a_full_disk_loses_nothing_and_says_so(small_disk):
    shard = Shard.objects.of(make_map("small", levels=(5,))).get()
    (small_disk / "ballast").write_bytes(bytes(64 * 1024))
    with pytest.raises(OSError, match="No space left") as caught:
        building.build_here(shard)
    shard.refresh_from_db()
    assert caught.value.errno == errno.ENOSPC
    assert (shard.status, shard.folder) == (Status.WAITING, "")
    assert "No space left" in shard.error
    assert not list(small_disk.rglob("shard.json"))


def test_with_room_again_it_goes_on(small_disk):
    shard = Shard.objects.of(make_map("small", levels=(4,))).get()
    ballast = small_disk / "ballast"
    ballast.write_bytes(bytes(100 * 1024))
    with pytest.raises(OSError, match="No space left"):
        building.build_here(shard)
    ballast.unlink()
    subprocess.run(["mount", "-o", "remount,size=64m", small_disk], check=True)
    assert building.build_here(Shard.objects.get(pk=shard.pk))
