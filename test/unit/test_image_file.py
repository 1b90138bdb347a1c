"""Files that people have: what is read of them, and why the others are not."""

from __future__ import annotations

import struct
from pathlib import Path

import numpy as np
import pytest
from crafted_images import PICTURE, segment
from PIL import Image

from emotion_recognition.core.images.image_file import FORMATS, is_image_file, read_image_file
from emotion_recognition.core.images.raw import (
    CorruptImageError,
    ImageSizeError,
    UnknownEncodingError,
)


def saved(folder: Path, kind: str) -> Path:
    """The picture in a file of a kind that Pillow writes."""
    path = folder / f"picture.{kind.lower()}"
    Image.fromarray(PICTURE[..., ::-1]).save(path, format=kind)
    return path


@pytest.mark.parametrize("kind", ["BMP", "PPM", "TIFF"])
def test_files_of_other_kinds_have_the_same_pixels(tmp_path: Path, kind: str) -> None:
    np.testing.assert_array_equal(read_image_file(saved(tmp_path, kind)), PICTURE)


@pytest.mark.parametrize("kind", FORMATS.split(", "))
def test_files_that_are_read_are_known_by_their_beginning(tmp_path: Path, kind: str) -> None:
    path = saved(tmp_path, kind)
    assert is_image_file(path)
    assert read_image_file(path).shape == PICTURE.shape


@pytest.mark.parametrize("kind", ["TGA", "PCX", "SGI"])
def test_what_only_pillow_reads_is_refused(tmp_path: Path, kind: str) -> None:
    assert not is_image_file(saved(tmp_path, kind))
    with pytest.raises(CorruptImageError, match=f"it is damaged, or none of {FORMATS}$"):
        read_image_file(saved(tmp_path, kind))


@pytest.mark.parametrize("kind", [np.int32, np.float32])
def test_a_tiff_of_32_bits_is_refused_and_not_black(tmp_path: Path, kind: type) -> None:
    path = tmp_path / "image.tiff"
    Image.fromarray(np.ones((8, 8), kind)).save(path)
    with pytest.raises(UnknownEncodingError, match="32 bits a sample; expected 8 or 16"):
        read_image_file(path)


def test_a_file_of_more_pixels_than_allowed_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "plain.gif"
    Image.new("P", (64, 48)).save(path)
    assert read_image_file(path, max_pixels=64 * 48).shape == (48, 64, 3)
    with pytest.raises(ImageSizeError, match="64x48"):
        read_image_file(path, max_pixels=64 * 48 - 1)


def test_a_file_that_pillow_takes_for_a_bomb_is_refused_as_too_large(tmp_path: Path) -> None:
    path = tmp_path / "bomb.bmp"
    sides = (20_000, 20_000)
    header = b"BM" + struct.pack("<IHHIIiiHHIIiiII", 54, 0, 0, 54, 40, *sides, 1, 24, *6 * [0])
    path.write_bytes(header + bytes(1000))
    with pytest.raises(ImageSizeError, match="it is too large; expected at most 80000000 pixels"):
        read_image_file(path)


def test_a_file_of_more_bytes_than_its_pixels_could_need_is_refused_unread(tmp_path: Path) -> None:
    path = saved(tmp_path, "BMP")
    pixels = PICTURE.shape[0] * PICTURE.shape[1]
    size = path.stat().st_size
    path.write_bytes(path.read_bytes() + bytes(8 * pixels - size))
    assert read_image_file(path, max_pixels=pixels).shape == PICTURE.shape
    path.write_bytes(path.read_bytes() + b"x")
    expected = f"^it has {8 * pixels + 1} bytes; expected at most {8 * pixels}$"
    with pytest.raises(ImageSizeError, match=expected):
        read_image_file(path, max_pixels=pixels)


@pytest.mark.parametrize("kind", ["JPEG", "PNG"])
def test_the_pixels_of_what_cameras_send_are_limited_as_well(tmp_path: Path, kind: str) -> None:
    path = tmp_path / "picture"
    Image.new("RGB", (64, 48)).save(path, format=kind)
    assert read_image_file(path, max_pixels=64 * 48).shape == (48, 64, 3)
    with pytest.raises(ImageSizeError, match="64x48"):
        read_image_file(path, max_pixels=64 * 48 - 1)


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "TIFF", "WEBP"])
def test_an_image_is_turned_as_the_exif_of_its_kind_says(tmp_path: Path, kind: str) -> None:
    path, exif = tmp_path / "picture", Image.Exif()
    exif[0x0112] = 6
    wide = Image.new("RGB", (64, 48))
    wide.save(path, format=kind)
    assert read_image_file(path).shape == (48, 64, 3)
    wide.save(path, format=kind, exif=exif)
    assert read_image_file(path).shape == (64, 48, 3)


def test_an_orientation_that_is_no_number_turns_nothing(tmp_path: Path) -> None:
    path = saved(tmp_path, "JPEG")
    upright = read_image_file(path)
    content = path.read_bytes()
    text = b"\x01\x12\0\2\0\0\0\2x\0\0\0"  # the tag, a text of two bytes
    exif = b"Exif\0\0MM\0*\0\0\0\x08\0\1" + text + bytes(4)
    path.write_bytes(content[:2] + segment(0xE1, exif) + content[2:])
    with Image.open(path) as image:
        assert image.getexif()[0x0112] == "x"
    np.testing.assert_array_equal(read_image_file(path), upright)
