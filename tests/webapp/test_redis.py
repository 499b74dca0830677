import os
import stat
from pathlib import Path

import pytest
import redis as client

from webapp.redis import answers, embedded_redis, make_private, socket_for


def test_the_socket_is_in_the_data_folder() -> None:
    assert socket_for(Path("/srv/lookalike")) == Path("/srv/lookalike/run/redis.sock")


@pytest.mark.parametrize("data", [Path("/" + "x" * 120), Path("/srv/my data"), Path("/srv/données")])
def test_long_and_odd_paths_get_a_short_folder_of_their_own(data: Path) -> None:
    found = socket_for(data)
    assert len(os.fsencode(found)) <= 90
    assert found != socket_for(data / "other")


def test_it_answers_until_the_block_ends(tmp_path: Path) -> None:
    with embedded_redis(tmp_path / ("long " * 30)) as url:
        assert client.Redis.from_url(url).set("key", "value")
        folder = Path(url.removeprefix("unix://")).parent
        assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert not answers(url)


def test_a_folder_that_somebody_else_made_is_refused(tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to("/")
    with pytest.raises(PermissionError, match="belongs to someone else"):
        make_private(tmp_path / "link")


def test_nobody_listening_is_false_and_not_an_exception(tmp_path: Path) -> None:
    assert not answers(f"unix://{tmp_path}/none.sock")
