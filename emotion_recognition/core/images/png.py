"""What a decoder gets to see of a PNG: the chunks that make its pixels, and none of the others.

Chunks: https://www.w3.org/TR/png-3/.
"""

from __future__ import annotations

import zlib

from emotion_recognition.core.images.raw import CorruptImageError, check_size

START = b"\x89PNG\r\n\x1a\n"

#: Chunks of one image. Encoders fill them with 8 KB and more.
MAX_CHUNKS = 16384

# Samples of a pixel by colour type. 32 bits of them may come at the full size.
_CHANNELS = {2: 3, 4: 2, 6: 4}
_PALETTE = 3  # the colour type whose pixels are numbers of colours
_ESSENTIAL = (b"IHDR", b"PLTE", b"IDAT", b"IEND")


def essential_png(content: bytes, max_pixels: int) -> tuple[bytes, int, int]:
    """A PNG with the same pixels and nothing else, its width and its height.

    content: begins with START. Transparency, texts, profiles, further frames of an animation and
    whatever follows the image are left out, so that no decoder has to read them. The checksums of
    what remains are right.

    Raises CorruptImageError and ImageSizeError.
    """
    if content[8:16] != b"\0\0\0\x0dIHDR" or len(content) < 33:
        raise _damage(content)
    width, height = int.from_bytes(content[16:20], "big"), int.from_bytes(content[20:24], "big")
    sample_bits, channels = content[24], _CHANNELS.get(content[25], 1)
    check_size(width, height, max_pixels * 32 // max(32, sample_bits * channels))
    parts = [START]
    position = len(START)
    for _ in range(MAX_CHUNKS):
        length = int.from_bytes(content[position : position + 4], "big")
        name = content[position + 4 : position + 8]
        end = position + 12 + length
        if len(name) < 4 or end > len(content):
            raise _damage(content)
        if name in _ESSENTIAL:
            chunk = content[position:end]
            if zlib.crc32(chunk[4:-4]) != int.from_bytes(chunk[-4:], "big"):
                raise CorruptImageError("the compressed image is damaged: a checksum is wrong")
            if (name == b"IHDR") != (len(parts) == 1):
                raise CorruptImageError("the PNG is damaged: it has two headers")
            parts.append(chunk)
        elif name[0] & 0x20 == 0:
            raise CorruptImageError("the PNG is damaged: it has a critical chunk that no PNG has")
        if name == b"IDAT" and content[25] == _PALETTE and parts[2][4:8] != b"PLTE":
            raise CorruptImageError("the PNG is damaged: its palette is missing")
        if name == b"IEND":
            return b"".join(parts), width, height
        position = end
    raise CorruptImageError(f"the PNG is damaged: it has more than {MAX_CHUNKS} chunks")


def _damage(content: bytes) -> CorruptImageError:
    return CorruptImageError(f"the PNG is cut off or damaged: {len(content)} bytes, no whole image")
