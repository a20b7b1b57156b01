"""What a file is, decided by its content: PDF, JPEG, PNG, HEIC. A picture is kept only as this process has redrawn it.

Redrawing drops whatever rode along: EXIF with its places, comments, text chunks, a second file behind the first.
HEIC is kept as JPEG, which every reader shows; writing HEVC would take half a minute for one photograph.
"""

from __future__ import annotations

import io
import re
import unicodedata
import warnings
from dataclasses import dataclass
from functools import cache
from typing import Any, BinaryIO

import pillow_heif
from PIL import Image, ImageOps

from shared.errors import Refused, Text

MAX_PIXELS = 50_000_000
_TAIL = 1024
_JPEG_QUALITY = 90
_NAME_LENGTH = 150


class AttachmentTypeRefused(Refused):
    """Neither PDF, JPEG, PNG nor HEIC by its content, or a picture that cannot be drawn within the limit."""

    code = "attachment_type_refused"
    title = Text("不接受该文件类型", "This kind of file is not accepted")
    detail = Text(
        "仅接受完好的 PDF、JPEG、PNG、HEIC 文件，图片不超过 5000 万像素。",
        "Only sound PDF, JPEG, PNG and HEIC files are accepted, pictures of at most 50 megapixels.",
    )


@dataclass(frozen=True, slots=True)
class FileType:
    """One accepted kind: what is stored of it, and how a picture of it is read."""

    name: str
    media_type: str
    suffixes: tuple[str, ...]
    """Endings that fit the stored file, the usual one first."""
    decoders: tuple[str, ...] = ()
    """Pillow's formats for it; empty: not a picture."""
    encoder: str = ""


PDF = FileType("pdf", "application/pdf", (".pdf",))
JPEG = FileType("jpeg", "image/jpeg", (".jpg", ".jpeg"), ("JPEG", "MPO"), "JPEG")
PNG = FileType("png", "image/png", (".png",), ("PNG",), "PNG")
HEIC = FileType("heic", "image/jpeg", (".jpg", ".jpeg"), ("HEIF",), "JPEG")

_HEIF_BRANDS = frozenset((b"heic", b"heix", b"heim", b"heis", b"mif1"))
_MODES = {"JPEG": frozenset(("L", "RGB", "CMYK")), "PNG": frozenset(("1", "L", "LA", "RGB", "RGBA", "I;16"))}
_OPTIONS: dict[str, dict[str, Any]] = {"JPEG": {"quality": _JPEG_QUALITY}, "PNG": {"compress_level": 4}}


def recognise(source: BinaryIO) -> FileType:
    """The type of `source` (read from its start) by its first and last bytes. Raises `AttachmentTypeRefused`."""
    source.seek(0)
    head = source.read(16)
    if head.startswith(b"%PDF-") and _ends_as_pdf(source):
        return PDF
    if head.startswith(b"\xff\xd8\xff"):
        return JPEG
    if head.startswith(b"\x89PNG\r\n\x1a\n"):
        return PNG
    if head[4:8] == b"ftyp" and head[8:12] in _HEIF_BRANDS:
        return HEIC
    raise AttachmentTypeRefused()


def _ends_as_pdf(source: BinaryIO) -> bool:
    """Whether nothing follows the end mark: an archive or a script hung behind a PDF would."""
    size = source.seek(0, 2)
    source.seek(max(0, size - _TAIL))
    tail = source.read()
    _, mark, rest = tail.rpartition(b"%%EOF")
    return bool(mark) and not rest.strip(b"\r\n\t \0")


def redraw(source: BinaryIO, kind: FileType) -> memoryview:
    """The picture in `source`, decoded completely and encoded anew: upright, and nothing but its pixels.

    Blocking and heavy: run it in a worker thread. Raises `AttachmentTypeRefused` for what cannot be decoded or has more
    than `MAX_PIXELS`. It encodes into memory: Pillow does not notice a file that took only half of a write.
    """
    target = io.BytesIO()
    with _decoded(source, kind) as fresh:
        fresh.save(target, kind.encoder, **_OPTIONS[kind.encoder])
    return target.getbuffer()


def _decoded(source: BinaryIO, kind: FileType) -> Image.Image:
    _prepare()
    source.seek(0)
    try:
        with Image.open(source, formats=kind.decoders) as picture:
            if picture.width * picture.height > MAX_PIXELS:
                raise AttachmentTypeRefused()
            ImageOps.exif_transpose(picture, in_place=True)
            picture.load()
            fresh = _in_plain_mode(picture, kind.encoder)
    except AttachmentTypeRefused:
        raise
    except Exception as fault:  # a decoder may fail with anything over crafted bytes
        raise AttachmentTypeRefused() from fault
    fresh.info.clear()
    return fresh


def _in_plain_mode(picture: Image.Image, encoder: str) -> Image.Image:
    seen_through = "transparency" in picture.info
    if picture.mode in _MODES[encoder] and not seen_through:
        return picture.copy()
    return picture.convert("RGBA" if encoder == "PNG" else "RGB")


@cache
def _prepare() -> None:
    """Once in a process: the HEIC decoder, and a bomb is an error before its pixels are unpacked."""
    pillow_heif.register_heif_opener()
    Image.MAX_IMAGE_PIXELS = MAX_PIXELS
    warnings.filterwarnings("error", category=Image.DecompressionBombWarning)


def shown_name(given: str | None, kind: FileType) -> str:
    """The sender's file name as it may be shown: no path, no control or direction marks, an ending that fits the type.

    It never becomes a path on our side.
    """
    name = re.split(r"[/\\]", unicodedata.normalize("NFC", given or ""))[-1]
    name = "".join(one for one in name if unicodedata.category(one)[0] != "C").strip(" .")
    stem, dot, ending = name.rpartition(".")
    if f"{dot}{ending}".lower() in kind.suffixes and stem:
        return f"{stem[:_NAME_LENGTH]}{dot}{ending}"
    if kind is HEIC and ending.lower() in ("heic", "heif"):
        name = stem
    return f"{(name or 'document')[:_NAME_LENGTH]}{kind.suffixes[0]}"
