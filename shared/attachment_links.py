"""Short-lived links to the content of a file: good for one person, one file, ten minutes."""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
from datetime import datetime, timedelta
from uuid import UUID

from shared.errors import Forbidden, Text

LINK_LIVES = timedelta(minutes=10)


class AttachmentLinkInvalid(Forbidden):
    code = "attachment_link_invalid"
    title = Text("下载链接无效", "The link is not valid")
    detail = Text(
        "下载链接已过期或不属于您，请重新读取附件。",
        "The link has expired or is not yours; read the file's entry again.",
    )


def link_token(secret: bytes, person_id: UUID, attachment_id: UUID, expires_at: datetime) -> str:
    """The token of a link: its expiry and its signature. `secret`: the deployable's own."""
    until = int(expires_at.timestamp()).to_bytes(6, "big")
    return base64.urlsafe_b64encode(until + _signature(secret, person_id, attachment_id, until)).decode("ascii")


def check_link(secret: bytes, person_id: UUID, attachment_id: UUID, token: str, now: datetime) -> None:
    """Raise `AttachmentLinkInvalid` unless `token` was made for this person and file and is not over at `now`."""
    try:
        raw = base64.b64decode(token.encode("ascii"), altchars=b"-_", validate=True)
    except (binascii.Error, UnicodeEncodeError) as fault:
        raise AttachmentLinkInvalid() from fault
    until, given = raw[:6], raw[6:]
    good = hmac.compare_digest(given, _signature(secret, person_id, attachment_id, until))
    if not good or int.from_bytes(until, "big") < now.timestamp():
        raise AttachmentLinkInvalid()


def _signature(secret: bytes, person_id: UUID, attachment_id: UUID, until: bytes) -> bytes:
    return hmac.new(secret, b"content" + person_id.bytes + attachment_id.bytes + until, hashlib.sha256).digest()[:18]
