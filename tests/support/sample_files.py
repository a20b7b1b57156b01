"""Files as people send them, and as nobody should."""

from __future__ import annotations

import io
import zipfile
from typing import Any

import pillow_heif
from PIL import Image
from PIL.PngImagePlugin import PngInfo

PLACE = b"secret place"


def pdf(size: int = 600) -> bytes:
    """A small PDF; longer ones are filled up with a comment."""
    body = b"%PDF-1.7\n1 0 obj<</Type/Catalog>>endobj\n%"
    tail = b"\ntrailer<</Root 1 0 R>>\nstartxref\n0\n%%EOF\n"
    return body + b"x" * max(0, size - len(body) - len(tail)) + tail


def picture(kind: str = "JPEG", size: tuple[int, int] = (40, 20), mode: str = "RGB", **options: Any) -> bytes:
    """A picture, red on the left, with the camera's own words in it and its top to the right (orientation 6)."""
    pillow_heif.register_heif_opener()
    exif = Image.Exif()
    exif[0x0112] = 6
    exif[0x010E] = PLACE.decode()
    image = Image.new(mode, size)
    if mode == "RGB":
        image.paste((255, 0, 0), (0, 0, size[0] // 2, size[1]))
    out = io.BytesIO()
    if kind == "PNG":
        words = PngInfo()
        words.add_text("Comment", PLACE.decode())
        options.setdefault("pnginfo", words)
    if kind == "JPEG":
        options.setdefault("comment", PLACE)
    image.save(out, kind, exif=exif.tobytes(), **options)
    return out.getvalue()


def archive() -> bytes:
    """A ZIP."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as file:
        file.writestr("run.js", "alert(1)")
    return out.getvalue()


REFUSED: dict[str, bytes] = {
    "an archive": archive(),
    "a page": b"<!doctype html><script>alert(1)</script>",
    "a vector picture with a script": b'<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>',
    "a GIF": b"GIF89a\x01\x00\x01\x00\x00\x00\x00;",
    "a PDF with an archive behind it": pdf() + archive(),
    "a PDF without its end": pdf()[:-12],
    "a JPEG cut off": picture(size=(400, 400))[:900],
    "three magic bytes": b"\xff\xd8\xff",
    "a PNG whose data are broken": picture("PNG", (64, 64)).replace(b"IDAT", b"IDAU"),
    "a HEIC of nothing": b"\x00\x00\x00\x1cftypheic\x00\x00\x00\x00mif1heic",
    "a picture of 56 megapixels": picture("PNG", (8000, 7000), "1"),
    "a picture of 400 megapixels": picture("PNG", (20000, 20000), "1"),
    "a page in a picture's clothes": b"\x89PNG\r\n\x1a\n<html><script>alert(1)</script></html>",
}
