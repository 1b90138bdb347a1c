"""What a decoder gets to see of a JPEG: the parts that make its pixels, and none of the others.

The markers are walked as libjpeg walks them: ITU-T T.81, Annex B, and jdmarker.c of
https://github.com/libjpeg-turbo/libjpeg-turbo.
"""

from __future__ import annotations

import re

from emotion_recognition.core.images.raw import (
    CorruptImageError,
    UnknownEncodingError,
    check_size,
)

START, _END = b"\xff\xd8", b"\xff\xd9"

#: Scans of one image. Encoders write 10 for progressive images in colour.
MAX_SCANS = 32

#: An image in several scans may have this part of the pixels that others may: each scan costs the
#: decoder a walk through all of it, and may be a few bytes long. By default that is full HD.
MULTI_SCAN_PART = 4

#: Segments of one image, metadata included. Those of EXIF, ICC profiles and comments are 64 KB at
#: most, and an image has a dozen.
MAX_SEGMENTS = 1024

#: Restarts of a scan with more than one 0xFF in front; few encoders write any.
MAX_FILLED_RESTARTS = 65536

# Start of frame: baseline, extended and progressive, all with Huffman coding.
_FRAMES = frozenset({0xC0, 0xC1, 0xC2})
_PROGRESSIVE = 0xC2
_SCAN = 0xDA
_END_OF_IMAGE = 0xD9
# Arithmetic coding, lossless and hierarchical frames; no camera sends them.
_OTHER_FRAMES = frozenset(range(0xC0, 0xD0)) - _FRAMES - {0xC4, 0xC8, 0xCC}
# Without length: TEM, RST0 to RST7.
_BARE = frozenset({0x01, *range(0xD0, 0xD8)})
# Tables of Huffman codes, quantization and restarts, and what tells the colour space: JFIF, Adobe.
_TABLES = frozenset({0xC4, 0xDB, 0xDD})
_COLOUR_SPACES = {0xE0: b"JFIF\0", 0xEE: b"Adobe"}

# One or more 0xFF may stand for one.
_MARKER = re.compile(rb"\xff+([^\xff])", re.DOTALL)
# In a scan 0xFF is escaped by 0, and restarts are part of it. What begins with a byte is searched
# for with memchr.
_PART_OF_SCAN = frozenset({0x00, *range(0xD0, 0xD8)})
_MAYBE_AFTER_SCAN = re.compile(rb"\xff[^\x00\xd0-\xd7]", re.DOTALL)


def essential_jpeg(content: bytes, max_pixels: int) -> tuple[bytes, int, int]:
    """A JPEG with the same pixels and nothing else, its width and its height.

    content: begins with START. Comments, EXIF, profiles and whatever follows the image are left
    out, so that no decoder has to read them, and turns nothing by them.

    Raises CorruptImageError, ImageSizeError, and UnknownEncodingError for arithmetic coding,
    lossless and 12-bit JPEGs.
    """
    parts = [START]
    size: tuple[int, int] | None = None
    scans, is_progressive, is_complete, components = 0, False, False, 0
    position = len(START)
    for _ in range(MAX_SEGMENTS):
        match = _MARKER.match(content, position)
        if match is None:
            break
        marker, start = match[1][0], match.end()
        if marker == _END_OF_IMAGE:
            if size is None or not scans:
                break
            return b"".join([*parts, _END]), *size
        if marker in _BARE:
            position = start
            continue
        end = start + int.from_bytes(content[start : start + 2], "big")
        body = content[start + 2 : end]
        if end < start + 2 or end > len(content):
            break
        position = end
        if marker in _OTHER_FRAMES:
            raise UnknownEncodingError(
                "the JPEG is lossless, hierarchical or arithmetically coded; "
                "expected baseline or progressive"
            )
        if marker in _FRAMES:
            if size is not None:
                raise CorruptImageError("the JPEG is damaged: it has two frame headers")
            size, components = _frame(body, max_pixels)
            is_progressive = marker == _PROGRESSIVE
        elif marker == _SCAN:
            position = _end_of_scan(content, end)
            if size is None or position < 0:
                break
            scans += 1
            if is_complete or scans > MAX_SCANS:
                raise CorruptImageError(
                    f"the JPEG is damaged: it has more scans than an image needs ({scans})"
                )
            is_complete = not is_progressive and body[:1] == bytes([components])
            if not is_complete:
                check_size(*size, max_pixels // MULTI_SCAN_PART)
        elif marker not in _TABLES and not _tells_colour_space(marker, body):
            continue
        parts.append(b"\xff" + content[start - 1 : position])
    raise CorruptImageError(f"the JPEG is cut off or damaged: {len(content)} bytes, no whole image")


def _frame(header: bytes, max_pixels: int) -> tuple[tuple[int, int], int]:
    """Width and height in pixels, and the number of components."""
    if len(header) < 6 or len(header) != 6 + 3 * header[5]:
        raise CorruptImageError("the JPEG is damaged: its frame header has the wrong length")
    if header[0] != 8:
        raise UnknownEncodingError(f"the JPEG has {header[0]} bits a sample; expected 8")
    if header[5] not in (1, 3, 4):
        raise CorruptImageError(
            f"the JPEG is damaged: it has {header[5]} components; expected 1, 3 or 4"
        )
    height, width = int.from_bytes(header[1:3], "big"), int.from_bytes(header[3:5], "big")
    check_size(width, height, max_pixels)
    return (width, height), header[5]


def _end_of_scan(content: bytes, start: int) -> int:
    """Where the marker after a scan is, with any 0xFF in front of it; -1 if there is none."""
    position = start
    for _ in range(MAX_FILLED_RESTARTS):
        maybe = _MAYBE_AFTER_SCAN.search(content, position)
        marker = maybe and _MARKER.match(content, maybe.start())
        if not maybe or not marker:
            return -1
        if marker[1][0] not in _PART_OF_SCAN:
            return maybe.start()
        position = marker.end()
    return -1


def _tells_colour_space(marker: int, body: bytes) -> bool:
    name = _COLOUR_SPACES.get(marker)
    return name is not None and body.startswith(name)
