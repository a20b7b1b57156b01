"""The receiving end of webhooks: who sent it, is it fresh, was it here before (Standard Webhooks).

Answer 2xx as soon as the message is stored, work on it afterwards, and acknowledge it then.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Iterable, Mapping

TOLERANCE_S = 300


class NotGenuine(Exception):
    """The message was not signed with one of our secrets, or is too old or too new."""


def verified_id(headers: Mapping[str, str], body: bytes, secrets: Iterable[str], now: float) -> str:
    """The id of a genuine message, by which a repetition is known. Header names in lower case.

    `secrets`: those that count now (`whsec_…`), two while one is replaced; `now`: seconds since 1970.
    Raises `NotGenuine`.
    """
    message_id, timestamp = headers.get("webhook-id", ""), headers.get("webhook-timestamp", "")
    if not message_id or not timestamp.isdigit() or abs(now - int(timestamp)) > TOLERANCE_S:
        raise NotGenuine("no id, or not of this time")
    signed = f"{message_id}.{timestamp}.".encode() + body
    expected = [_signature(secret, signed) for secret in secrets]
    given = [one.removeprefix("v1,") for one in headers.get("webhook-signature", "").split() if one.startswith("v1,")]
    if not any(hmac.compare_digest(one, other) for one in given for other in expected):
        raise NotGenuine("no signature of ours")
    return message_id


def _signature(secret: str, signed: bytes) -> str:
    key = base64.b64decode(secret.removeprefix("whsec_"))
    return base64.b64encode(hmac.new(key, signed, hashlib.sha256).digest()).decode("ascii")
