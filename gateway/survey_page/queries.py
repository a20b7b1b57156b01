"""What crm says of a link: the questions that come next, or why there are none; and the answer handed over."""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from gateway.forwarding.upstreams import Upstreams
from shared.telemetry import traceparent

WITHIN_S = 5.0
_ID_BYTES, _LINK_BYTES = 16, 40


@dataclass(frozen=True)
class Told:
    """`status` and body of crm's answer."""

    status: int
    body: Mapping[str, Any]

    @property
    def code(self) -> str:
        """Of a refusal."""
        return str(self.body.get("code", ""))


def survey_of(token: str) -> UUID | None:
    """The survey that a link names; None for what cannot be one. Whether it is ours is crm's to say."""
    try:
        raw = base64.urlsafe_b64decode(token + "=" * (-len(token) % 4))
    except ValueError:
        return None
    return UUID(bytes=raw[:_ID_BYTES]) if len(raw) == _LINK_BYTES else None


async def tell(upstreams: Upstreams, token: str, answers: Mapping[str, str], what: str, request_id: str) -> Told:
    """`what`: `forms` to ask what comes next, `responses` to hand the answer over. Raises `ServiceUnavailable`,
    `UpstreamTimeout`.
    """
    survey = survey_of(token)
    if survey is None:
        return Told(404, {"code": "not_found"})
    headers = [("content-type", "application/json"), ("x-request-id", request_id), ("traceparent", traceparent())]
    body = json.dumps({"token": token, "answers": dict(answers)}).encode()
    status, found = await upstreams.answer("crm", f"/v1/surveys/{survey}/{what}", headers, WITHIN_S, body=body)
    return Told(status, found if isinstance(found, dict) else {})
