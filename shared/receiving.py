"""One file as `multipart/form-data` (RFC 7578): its bytes, and what its sender calls it and says that it is."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import BinaryIO

import structlog
from fastapi import FastAPI, Request
from starlette.datastructures import FormData, UploadFile
from starlette.formparsers import MultiPartException, MultiPartParser

from shared.errors import (
    BodyTooLarge,
    Fault,
    MalformedRequest,
    Text,
    UnknownProperty,
    UnsupportedMediaType,
    ValidationFailed,
)
from shared.file_store import full_disk_told

log = structlog.get_logger()

MAX_FILE_BYTES = 20 * 1024 * 1024
MAX_REQUEST_BYTES = MAX_FILE_BYTES + 64 * 1024
"""The file and what the form puts around it."""

_FIELD_BYTES = 1024
_KIND = re.compile(r"[a-z][a-z0-9_]{0,39}")


@dataclass(frozen=True, slots=True)
class SentFile:
    """A file as it was sent. Nothing here is to be believed but the bytes."""

    content: BinaryIO
    file_name: str | None
    kind: str
    """Which paper it is (`photo`, `invoice`); `document` where the sender does not say."""


@asynccontextmanager
async def sent_file(request: Request) -> AsyncIterator[SentFile]:
    """The one file of the request's form (any field name), with the optional field `kind`; gone when the block is left.

    Raises `UnsupportedMediaType`, `BodyTooLarge` (over 20 MiB), `ValidationFailed` (no file, an empty one, a bad
    `kind`), `UnknownProperty` and `StorageFull`; a form that cannot be read is a malformed request.
    """
    if not request.headers.get("content-type", "").lower().startswith("multipart/form-data"):
        raise UnsupportedMediaType()
    parser = MultiPartParser(
        request.headers, request.stream(), max_files=1, max_fields=8, max_part_size=_FIELD_BYTES
    )  # fmt: skip
    try:
        with full_disk_told():
            form = await parser.parse()
        yield _read(form, begun=len(parser._files_to_close_on_error))
    except MultiPartException as fault:
        raise MalformedRequest() from fault
    finally:
        # A form that ends in the middle of its file leaves a file that is in no form.
        for file in parser._files_to_close_on_error:
            file.close()


def _read(form: FormData, *, begun: int) -> SentFile:
    unknown = [name for name, value in form.multi_items() if not isinstance(value, UploadFile) and name != "kind"]
    if unknown:
        words = Text("不支持该属性。", "This member is not known.")
        raise UnknownProperty(*(Fault("unknown_property", words, pointer=f"#/{name}") for name in unknown))
    files = [value for _, value in form.multi_items() if isinstance(value, UploadFile)]
    if len(files) < begun:
        raise MalformedRequest()
    if not files:
        words = Text("请求中没有文件。", "The form holds no file.")
        raise ValidationFailed(Fault("missing", words, pointer="#/file"))
    size = files[0].size or 0
    if size == 0:
        raise ValidationFailed(Fault("empty_file", Text("文件为空。", "The file is empty."), pointer="#/file"))
    if size > MAX_FILE_BYTES:
        raise BodyTooLarge(max_bytes=MAX_FILE_BYTES)
    return SentFile(files[0].file, files[0].filename, _kind_of(form))


def _kind_of(form: FormData) -> str:
    kind = form.get("kind") or "document"
    if not isinstance(kind, str) or not _KIND.fullmatch(kind):
        words = Text(
            "类别须为小写字母、数字和下划线。", "Write the kind in lower case letters, digits and underscores."
        )
        raise ValidationFailed(Fault("invalid", words, pointer="#/kind"))
    return kind


@asynccontextmanager
async def told_at_start(app: FastAPI) -> AsyncIterator[None]:
    """Say once at every start of a process that takes files that it gives them out unscanned."""
    if app.state.settings.attachment_scanner == "none" and not getattr(app.state, "unscanned_told", False):
        app.state.unscanned_told = True
        log.warning("attachments_are_not_scanned", service=app.state.service)
    yield
