"""How the bytes of a file leave: as something to save, never as something to show or run, whole or one range of it."""

from __future__ import annotations

import base64
import re
from collections.abc import Mapping
from pathlib import Path
from urllib.parse import quote

from starlette.responses import Response, StreamingResponse

from shared.errors import Conflict, Problem, Text
from shared.file_store import chunks

_RANGE = re.compile(r"bytes=([0-9]{0,18})-([0-9]{0,18})", re.ASCII)


class RangeNotSatisfiable(Problem):
    """Member: `size` in bytes."""

    status = 416
    code = "range_not_satisfiable"
    title = Text("请求的范围无效", "The range cannot be given")
    detail = Text(
        "文件共 {size} 字节，没有所请求的部分。", "The file has {size} bytes; the part asked for is not in it."
    )

    def response_headers(self) -> dict[str, str]:
        return {"Content-Range": f"bytes */{self.members['size']}"}


class AttachmentScanPending(Conflict):
    code = "attachment_scan_pending"
    title = Text("文件正在查毒", "The file is being scanned")
    detail = Text("文件尚未通过病毒扫描，请稍后再试。", "The file has not been scanned yet; try again shortly.")
    headers = {"Retry-After": "5"}


class AttachmentInfected(Conflict):
    code = "attachment_infected"
    title = Text("文件含有恶意代码", "The file is infected")
    detail = Text("病毒扫描未通过，文件不能下载。", "The scanner found malware in the file; it is not given out.")


def refuse_unscanned(scan_state: str) -> None:
    """Raise `AttachmentScanPending` or `AttachmentInfected` unless a file in this state may be given out."""
    if scan_state == "pending":
        raise AttachmentScanPending()
    if scan_state == "infected":
        raise AttachmentInfected()


def download(
    path: Path, *, file_name: str, media_type: str, size: int, sha256: bytes, asked: Mapping[str, str]
) -> Response:
    """The answer with the file at `path`. `asked`: the request's header fields.

    One `Range` is honoured (206); several, a malformed one, or one under an `If-Range` get the whole (RFC 9110 §14.2).
    Raises `RangeNotSatisfiable`. `sha256` is that of the whole file (RFC 9530: of the representation, not of the part).
    """
    part = _range_of(asked, size)
    start, length = part or (0, size)
    headers = {
        "Content-Length": str(length),
        "Content-Disposition": disposition(file_name),
        "Repr-Digest": f"sha-256=:{base64.b64encode(sha256).decode('ascii')}:",
        "X-Content-Type-Options": "nosniff",
        "Content-Security-Policy": "default-src 'none'; sandbox",
        "Cross-Origin-Resource-Policy": "same-origin",
        "Accept-Ranges": "bytes",
        "Cache-Control": "private, no-store",
    }
    if part is not None:
        headers["Content-Range"] = f"bytes {start}-{start + length - 1}/{size}"
    return StreamingResponse(chunks(path, start, length), 200 if part is None else 206, headers, media_type)


def disposition(file_name: str) -> str:
    """`Content-Disposition` (RFC 6266): a plain name for old readers, the true one percent-encoded (RFC 8187)."""
    _, _, ending = file_name.rpartition(".")
    plain = f"document.{ending}" if ending.isascii() and ending.isalnum() else "document"
    return f"attachment; filename=\"{plain}\"; filename*=UTF-8''{quote(file_name, safe='')}"


def _range_of(asked: Mapping[str, str], size: int) -> tuple[int, int] | None:
    """First byte and length of the one range asked for, or None for the whole."""
    found = _RANGE.fullmatch(asked.get("range", "").strip())
    if found is None or "if-range" in asked or found.groups() == ("", ""):
        return None
    first, last = found.groups()
    if first == "":
        start, end = max(0, size - int(last)), size - 1
    else:
        start, end = int(first), min(int(last or size - 1), size - 1)
        if last and int(last) < start:
            return None
    if start >= size or start > end:
        raise RangeNotSatisfiable(size=size)
    return start, end - start + 1
