"""The audit trail of the gateway and of all services as one: merged pages, and the verdict over all chains."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from datetime import datetime
from typing import Any
from urllib.parse import urlencode

from gateway.audit.schemas import AuditEntry, AuditPage, AuditSearch, VerificationOut
from gateway.forwarding.internal_views import ask_all
from gateway.organisation.queries import paths_of
from shared import audit_routes
from shared.audit_routes import AuditEntryOut, AuditQuery, ChainVerdict
from shared.errors import CursorInvalid
from shared.pagination import CURSOR_SECONDS
from shared.routing import Call

VERIFY_WITHIN_S = 60.0
_FILTERS = ("person_id", "object_type", "object_id", "action", "outcome", "request_id", "since", "until")


async def page(call: Call, search: AuditSearch) -> AuditPage:
    """One page over all services. Raises `CursorInvalid`."""
    async with call.db.transaction(call.actor) as tx:
        asked = AuditQuery(limit=search.limit + 1, **{name: getattr(search, name) for name in _FILTERS})
        if search.unit_code is not None:
            found = (await paths_of(tx, [search.unit_code])).get(search.unit_code)
            if found is None:
                return AuditPage(items=[])
            asked.org_path = found
        if search.cursor is not None:
            asked.before_at, asked.before_chain, asked.before_n = _opened(search, call.state.secret, tx.now)
        own, now = await audit_routes.entries(tx, asked), tx.now
    target = "/internal/audit-entries?" + urlencode(_sent(asked))
    views = await ask_all(call.state.upstreams, call.state.signing_key, call.actor, target, audit_routes.MAY)
    merged = own + [AuditEntryOut(**one) for answer in views.answers.values() for one in answer["items"]]
    merged.sort(key=lambda one: (one.at, one.chain, one.n), reverse=True)
    shown = merged[: search.limit]
    cursor = _sealed(search, shown[-1], call.state.secret, now) if len(merged) > search.limit else None
    return AuditPage(
        items=[AuditEntry(**one.model_dump()) for one in shown], next_cursor=cursor, partial=views.partial or None
    )


def _sent(asked: AuditQuery) -> dict[str, str]:
    values = asked.model_dump(exclude_none=True, by_alias=True)
    return {name: one.isoformat() if isinstance(one, datetime) else str(one) for name, one in values.items()}


async def verification(call: Call) -> VerificationOut:
    """Every chain in the auditor's scope, recomputed where it lies."""
    async with call.db.transaction(call.actor) as tx:
        own = await audit_routes.verdicts(tx)
    views = await ask_all(
        call.state.upstreams, call.state.signing_key, call.actor, "/internal/audit-verification", audit_routes.MAY,
        within_s=VERIFY_WITHIN_S,
    )  # fmt: skip
    found = own + [ChainVerdict(**one) for answer in views.answers.values() for one in answer["items"]]
    whole = all(one.first_broken is None and one.head == "ok" for one in found)
    return VerificationOut(intact=whole and not views.partial, items=found, partial=views.partial or None)


def _fingerprint(search: AuditSearch) -> str:
    identity = search.model_dump_json(exclude={"cursor", "limit"})
    return hashlib.sha256(identity.encode()).hexdigest()[:16]


def _signature(secret: bytes, body: bytes) -> bytes:
    return hmac.new(secret, b"audit" + body, hashlib.sha256).digest()[:12]


def _sealed(search: AuditSearch, last: AuditEntryOut, secret: bytes, now: datetime) -> str:
    place = [int(now.timestamp()) + CURSOR_SECONDS, _fingerprint(search), last.at.isoformat(), last.chain, last.n]
    body = json.dumps(place).encode()
    return base64.urlsafe_b64encode(_signature(secret, body) + body).decode().rstrip("=")


def _opened(search: AuditSearch, secret: bytes, now: datetime) -> tuple[datetime, str, int]:
    try:
        raw = base64.urlsafe_b64decode(str(search.cursor) + "=" * (-len(str(search.cursor)) % 4))
        if not hmac.compare_digest(raw[:12], _signature(secret, raw[12:])):
            raise ValueError("altered")
        place: list[Any] = json.loads(raw[12:])
        if place[0] < now.timestamp() or place[1] != _fingerprint(search):
            raise ValueError("expired or of other filters")
        return datetime.fromisoformat(place[2]), place[3], place[4]
    except (ValueError, TypeError, IndexError) as fault:
        raise CursorInvalid() from fault
