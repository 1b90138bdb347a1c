"""Nothing that a compressed image holds takes much time or memory, or shows another image."""

from __future__ import annotations

import resource
import subprocess
import sys
from pathlib import Path

import crafted_images
import numpy as np
import pytest
from crafted_images import HARMLESS, HOSTILE, JPEG, PICTURE, PROGRESSIVE, encoded
from numpy.typing import NDArray

from emotion_recognition.core.images.compressed import decode_compressed_image
from emotion_recognition.core.images.raw import ImageError

GIGABYTE = 1 << 30

#: In which each image is damaged.
WAYS = 2_000


@pytest.fixture(scope="module")
def costs() -> dict[str, tuple[float, int, str]]:
    """Seconds, MB and outcome of each hostile image, in a process of its own."""
    finished = subprocess.run(
        [sys.executable, crafted_images.__file__],
        capture_output=True,
        text=True,
        timeout=60,
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_AS, (4 * GIGABYTE, 4 * GIGABYTE)),
        check=False,
    )
    assert finished.returncode == 0, finished.stdout + finished.stderr
    assert finished.stderr == "", "the codecs print past the log"
    rows = (line.split("\t") for line in finished.stdout.splitlines())
    return {name: (float(seconds), int(size), text) for seconds, size, name, text in rows}


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_image_is_refused_at_once(
    name: str, costs: dict[str, tuple[float, int, str]]
) -> None:
    seconds, megabytes, outcome = costs[name]
    assert outcome.split(":")[0] in ("CorruptImageError", "ImageSizeError", "UnknownEncodingError")
    assert megabytes < 150
    assert seconds < 3, "0.06 s where the machine has nothing else to do"


@pytest.mark.parametrize("name", HARMLESS)
def test_what_only_looks_odd_is_read(name: str, capfd: pytest.CaptureFixture[str]) -> None:
    odd, plain = HARMLESS[name]()
    np.testing.assert_array_equal(
        decode_compressed_image("", odd), decode_compressed_image("", plain)
    )
    assert capfd.readouterr().err == ""


@pytest.mark.parametrize("kind", ["jpeg", "progressive", "png"])
def test_a_limit_can_be_set_and_is_kept_to_the_pixel(kind: str) -> None:
    content = {"jpeg": JPEG, "progressive": PROGRESSIVE, "png": encoded(".png")}[kind]
    # Below 64 x 48 pixels the length of the data is limited as well.
    enough = max(64 * 48 * (4 if kind == "progressive" else 1), len(content))
    assert decode_compressed_image("", content, enough).shape == (48, 64, 3)
    with pytest.raises(ImageError, match="too large"):
        decode_compressed_image("", content, 64 * 48 - 1)


def damaged(content: bytes, random: np.random.Generator) -> bytes:
    """With a few bytes changed, lost, repeated or cut off, its end being there."""
    data = bytearray(content[:-2])
    # Mostly in the scan: damage of the headers is noticed.
    first = content.index(b"\xff\xda") if random.random() < 0.8 else 2
    for _ in range(random.integers(1, 5)):
        start = int(random.integers(first, len(data)))
        length = int(random.integers(1, 20))
        match random.integers(5):
            case 0:
                data[start] ^= int(random.integers(1, 256))
            case 1:
                data[start : start + length] = random.bytes(length)
            case 2:
                del data[start : start + length]
            case 3:
                data[start:start] = data[start - length : start]
            case 4:
                del data[max(start, first + 14) :]
                break
    return bytes(data) + b"\xff\xd9"


def decoded_after(before: bytes, content: bytes) -> NDArray[np.uint8] | None:
    decode_compressed_image("", before)
    try:
        return decode_compressed_image("", content)
    except ImageError:
        return None


@pytest.mark.parametrize("kind", ["jpeg", "progressive"])
def test_a_damaged_image_shows_nothing_of_the_image_before(
    kind: str, capfd: pytest.CaptureFixture[str]
) -> None:
    random = np.random.default_rng(0)
    content = {"jpeg": JPEG, "progressive": PROGRESSIVE}[kind]
    one, other = (encoded(".jpg", np.full_like(PICTURE, value)) for value in (0, 255))
    readable = 0
    for _ in range(WAYS):
        broken = damaged(content, random)
        after_one, after_other = decoded_after(one, broken), decoded_after(other, broken)
        assert (after_one is None) == (after_other is None)
        if after_one is not None:
            assert np.array_equal(after_one, after_other)
            readable += 1
    assert readable > WAYS / 10, "the damage is so heavy that nothing is shown"
    assert capfd.readouterr().err == "", "the codecs print past the log"


def test_an_image_that_a_user_names_is_limited_as_well(tmp_path: Path) -> None:
    from emotion_recognition.core.images.sources import SourceError, open_source

    bomb = tmp_path / "bomb.png"
    bomb.write_bytes(crafted_images.png(10_000, 10_000, bytes(1251 * 10_000), bits=1, colour=0))
    with pytest.raises(SourceError, match=r"bomb\.png.*too large: 10000x10000"):
        open_source(str(bomb))
