"""Zips beyond what the first format can count, read back by zipfile and unzip."""

import io
import subprocess
import zipfile
from pathlib import Path

import pytest

from search.exporting import zips
from search.exporting.zips import ZipStream


def packed(count: int) -> bytes:
    with ZipStream() as archive:
        parts = [b"".join(archive.add(f"yes/{number}.jpg", b"%d" % number)) for number in range(count)]
        return b"".join([*parts, *archive.end()])


def test_more_files_than_the_old_format_can_count(tmp_path: Path) -> None:
    path = tmp_path / "many.zip"
    path.write_bytes(packed(70_000))
    with zipfile.ZipFile(path) as archive:
        assert len(archive.namelist()) == 70_000
        assert archive.read("yes/69999.jpg") == b"69999"
    listed = subprocess.run(["unzip", "-Z1", path], capture_output=True, text=True, check=True).stdout.split()
    assert (len(listed), listed[-1]) == (70_000, "yes/69999.jpg")


def test_places_and_sizes_beyond_four_gigabytes(tmp_path: Path) -> None:
    """Nothing so large is held: the content is a hole in a file."""
    size, path = zips.LARGE + 10, tmp_path / "large.zip"
    piece = bytes(1 << 20)
    whole, rest = divmod(size, len(piece))
    pieces = [piece] * whole + [bytes(rest)]
    with ZipStream() as archive, path.open("wb") as file:
        for data in archive.add_pieces("large.bin", pieces, size, crc=7):  # reading to the end, for a CRC, takes long
            file.seek(len(data), io.SEEK_CUR) if data is piece else file.write(data)
        for data in [*archive.add("ä.txt", b"after it"), *archive.end()]:
            file.write(data)
    with zipfile.ZipFile(path) as read:
        assert [info.file_size for info in read.infolist()] == [size, 8]
        assert read.read("ä.txt") == b"after it"
        assert read.getinfo("large.bin").CRC == 7
        with read.open("large.bin") as content:
            assert content.read(5) == bytes(5)


def test_the_same_files_give_the_same_bytes() -> None:
    assert packed(3) == packed(3)


def test_a_wrong_byte_is_noticed() -> None:
    content = bytearray(packed(1))
    content[content.index(b"yes/0.jpg") + len(b"yes/0.jpg")] ^= 1
    assert zipfile.ZipFile(io.BytesIO(content)).testzip() == "yes/0.jpg"


def test_the_list_is_given_up_with_the_archive() -> None:
    with ZipStream() as archive:
        b"".join(archive.add("a", b"b"))
    with pytest.raises(ValueError, match="closed"):
        list(archive.end())
