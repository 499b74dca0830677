import struct
import zlib

import numpy as np
import pytest
from PIL import Image

from ml.errors import BadImage
from ml.images import decode, resize, square
from tests.ml.making import encoded, make_images

PICTURE = Image.fromarray(make_images(1, 24)[0])


def bomb(side: int) -> bytes:
    """A PNG that claims side x side pixels in a few bytes."""

    def chunk(kind: bytes, body: bytes) -> bytes:
        return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))

    header = struct.pack(">IIBBBBB", side, side, 8, 2, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(b"\0" * 64)) + chunk(b"IEND", b"")
    )


@pytest.mark.parametrize("file_format", ["PNG", "WEBP", "BMP", "TIFF"])
def test_lossless_formats_come_out_as_they_went_in(file_format: str) -> None:
    options = {"lossless": True} if file_format == "WEBP" else {}
    np.testing.assert_array_equal(decode(encoded(PICTURE, file_format, **options)), np.asarray(PICTURE))


@pytest.mark.parametrize("mode", ["L", "LA", "P", "1", "CMYK", "RGBA", "I;16", "I", "F", "YCbCr"])
def test_every_mode_becomes_rgb(mode: str) -> None:
    image = PICTURE.convert("L").convert("I").convert("I;16") if mode == "I;16" else PICTURE.convert(mode)
    pixels = decode(encoded(image, "PNG" if mode in ("LA", "P", "RGBA") else "TIFF"))
    assert (pixels.shape, pixels.dtype) == ((24, 24, 3), np.uint8)


def test_sixteen_bits_are_scaled_not_clipped() -> None:
    grey = np.array([[0, 32768, 65535]], np.uint16)
    np.testing.assert_array_equal(decode(encoded(Image.fromarray(grey)))[0, :, 0], [0, 128, 255])


def test_floats_are_stretched_to_their_own_range() -> None:
    grey = np.array([[-1, 0, np.nan, 1]], np.float32)
    np.testing.assert_array_equal(decode(encoded(Image.fromarray(grey), "TIFF"))[0, :, 0], [0, 128, 128, 255])


def test_transparent_parts_become_black() -> None:
    assert not decode(encoded(Image.new("RGBA", (4, 4), (200, 100, 50, 0)))).any()


def test_a_photo_on_its_side_is_turned_upright() -> None:
    exif = Image.Exif()
    exif[274] = 6  # "rotate by 90 degrees"
    assert decode(encoded(Image.new("RGB", (30, 10)), "JPEG", exif=exif)).shape == (30, 10, 3)


def test_a_text_file_is_refused_whatever_its_name() -> None:
    with pytest.raises(BadImage, match="not an image"):
        decode(b"hello, I am a .png")


@pytest.mark.parametrize("data", [b"", b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n", b"<svg></svg>"])
def test_formats_that_run_programs_are_not_tried(data: bytes) -> None:
    with pytest.raises(BadImage, match="not an image"):
        decode(data)


@pytest.mark.parametrize("side", [9_000, 60_000, 2_000_000])
def test_a_decompression_bomb_is_refused_before_it_is_decoded(side: int) -> None:
    with pytest.raises(BadImage, match="pixels"):
        decode(bomb(side))


@pytest.mark.parametrize("file_format", ["PNG", "JPEG", "WEBP", "GIF", "TIFF", "BMP"])
def test_a_truncated_image_is_refused(file_format: str) -> None:
    data = encoded(Image.fromarray(make_images(1, 200)[0]), file_format)
    with pytest.raises(BadImage, match=r"damaged or cut short|not an image"):
        decode(data[: len(data) // 2])


def test_a_file_of_too_many_bytes_is_refused() -> None:
    with pytest.raises(BadImage, match="100 MB"):
        decode(bytes(100 * 2**20))


@pytest.mark.filterwarnings("ignore")  # Pillow tells what it finds wrong
def test_random_damage_raises_nothing_but_bad_image() -> None:
    random, data = np.random.default_rng(0), np.frombuffer(encoded(PICTURE, "TIFF"), np.uint8)
    for _ in range(200):
        damaged = data.copy()
        damaged[random.integers(0, len(data), 8)] = random.integers(0, 256, 8)
        try:
            decode(damaged.tobytes())
        except BadImage:
            continue


def test_square_takes_the_middle() -> None:
    image = np.arange(6, dtype=np.uint8).repeat(3).reshape(1, 6, 3).repeat(2, axis=0)
    np.testing.assert_array_equal(square(image)[:, :, 0], [[2, 3], [2, 3]])


def test_resize_changes_only_what_does_not_fit() -> None:
    images = make_images(3, 20)
    assert resize(images, 20) is images
    assert resize(images[:, :10], 8).shape == (3, 8, 8, 3)
