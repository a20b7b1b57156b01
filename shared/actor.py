"""Who acts: the facts about a caller that the gateway states in the internal token, verified and nothing else.

The token is a JWT signed with Ed25519 by the gateway, made for exactly one service (`aud`), alive at most 60 s.
Services and the gateway's own rooms read identity from it alone, never from a header.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import KeySet

from shared.authority import Limit
from shared.clock import process_now
from shared.errors import ActionNotPermitted, TokenInvalid
from shared.ids import uuid7

ALGORITHM = "Ed25519"
ISSUER = "anlan-gateway"
LEEWAY_S = 30
MONEY_LEEWAY_S = 1
SAFE_METHODS = frozenset({"GET", "HEAD"})
_MOST_READERS = 4096

_MACHINES = {
    name: UUID(int=0x0000_0000_0000_8000_8000_0000_0000_0000 + n)
    for n, name in enumerate(("gateway", "policy", "claims", "risk", "complaints", "crm"), start=1)
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Actor:
    """One person (or machine) acting under one appointment for the length of one request."""

    person_id: UUID
    staff_no: str
    appointment_id: UUID
    position: str
    unit_code: str
    level: str
    unit_kind: str
    scope: str
    """Org path: everything at or below it is visible."""
    permissions: frozenset[str]
    limits: tuple[Limit, ...] = ()
    on_behalf_of: UUID | None = None
    """The delegator, while acting under a delegation."""
    delegation_id: UUID | None = None
    acting_until: datetime | None = None
    """The first moment at which the delegation no longer holds; judged on the clock of each transaction."""
    table_version: str | None = None
    """The authority table that the limits come from."""
    request_id: UUID
    source: str | None = None
    """Network address of the caller, for the audit trail only."""

    def may(self, permission: str) -> bool:
        """Whether this appointment holds `permission` (`service.noun.verb`)."""
        return permission in self.permissions

    def require(self, permission: str) -> None:
        """Raise `ActionNotPermitted` unless this appointment holds `permission`."""
        if permission not in self.permissions:
            raise ActionNotPermitted()

    def refuse_past_delegation(self, now: datetime) -> None:
        """Raise `TokenInvalid` once the delegation that is acted under has run out."""
        if self.acting_until is not None and now >= self.acting_until:
            raise TokenInvalid()


def machine(service: str) -> Actor:
    """The service's own identity, for workers, ticks and intake outside the caller's scope: scope `00`, no
    permissions.
    """
    identity = _MACHINES[service]
    return Actor(
        person_id=identity,
        staff_no=f"service:{service}",
        appointment_id=identity,
        position="service",
        unit_code="00",
        level="head_office",
        unit_kind="standard",
        scope="00",
        permissions=frozenset(),
        request_id=uuid7(),
    )


def claims_of(actor: Actor) -> dict[str, Any]:
    """The token claims that state `actor`; `read` is the inverse."""
    claims: dict[str, Any] = {
        "sub": str(actor.person_id),
        "staff_no": actor.staff_no,
        "appointment": str(actor.appointment_id),
        "position": actor.position,
        "unit": actor.unit_code,
        "level": actor.level,
        "unit_kind": actor.unit_kind,
        "scope": actor.scope,
        "permissions": sorted(actor.permissions),
        "limits": [[one.kind, one.line, None if one.amount is None else str(one.amount)] for one in actor.limits],
        "table_version": actor.table_version,
        "request_id": str(actor.request_id),
        "source": actor.source,
    }
    if actor.on_behalf_of is not None:
        until = None if actor.acting_until is None else actor.acting_until.isoformat()
        claims["act"] = {"sub": str(actor.on_behalf_of), "delegation": str(actor.delegation_id), "until": until}
    return claims


def verify(token: str, keys: KeySet, audience: str) -> Actor:
    """The actor stated by an internal `token` made for `audience`.

    Raises `TokenInvalid` for a bad signature, another audience or issuer, an expired or not yet valid token.
    """
    try:
        return read(_checked(token, keys, audience))
    except (JoseError, KeyError, ValueError, TypeError) as problem:
        raise TokenInvalid() from problem


def _checked(token: str, keys: KeySet, audience: str) -> dict[str, Any]:
    decoded = jwt.decode(token, keys, algorithms=[ALGORITHM])
    leeway = MONEY_LEEWAY_S if decoded.claims.get("money") else LEEWAY_S
    jwt.JWTClaimsRegistry(
        now=int(process_now().timestamp()),
        leeway=leeway,
        iss={"essential": True, "value": ISSUER},
        aud={"essential": True, "value": audience},
        exp={"essential": True},
        sub={"essential": True},
    ).validate(decoded.claims)
    return decoded.claims


class Statements:
    """What the gateway states to one service.

    A statement for reading names no request and is sent with every read of a caller within a second: it is verified
    once, and remembered until it ends.
    """

    def __init__(self, keys: KeySet, audience: str) -> None:
        self._keys = keys
        self._audience = audience
        self._readers: dict[str, tuple[int, Actor]] = {}

    def actor(self, token: str, request_id: UUID, *, reading: bool) -> Actor:
        """Who is stated by `token`. Raises `TokenInvalid`, also for a statement for reading unless `reading`."""
        if not reading:
            return verify(token, self._keys, self._audience)
        held = self._readers.get(token)
        if held is not None and process_now().timestamp() < held[0]:
            return replace(held[1], request_id=request_id)
        try:
            claims = _checked(token, self._keys, self._audience)
            actor = read(claims if "request_id" in claims else claims | {"request_id": str(request_id)})
        except (JoseError, KeyError, ValueError, TypeError) as problem:
            raise TokenInvalid() from problem
        if "request_id" not in claims:
            if len(self._readers) >= _MOST_READERS:
                self._readers.clear()
            self._readers[token] = (int(claims["exp"]), actor)
        return actor


def read(claims: Mapping[str, Any]) -> Actor:
    """The actor that `claims` state; the inverse of `claims_of`. Raises KeyError, ValueError or TypeError."""
    act = claims.get("act") or {}
    return Actor(
        person_id=UUID(claims["sub"]),
        staff_no=claims["staff_no"],
        appointment_id=UUID(claims["appointment"]),
        position=claims["position"],
        unit_code=claims["unit"],
        level=claims["level"],
        unit_kind=claims["unit_kind"],
        scope=claims["scope"],
        permissions=frozenset(claims["permissions"]),
        limits=tuple(
            Limit(kind=kind, line=line, amount=None if amount is None else Decimal(amount))
            for kind, line, amount in claims["limits"]
        ),
        on_behalf_of=UUID(act["sub"]) if act else None,
        delegation_id=UUID(act["delegation"]) if act and act.get("delegation") not in (None, "None") else None,
        acting_until=datetime.fromisoformat(act["until"]) if act and act.get("until") else None,
        table_version=claims.get("table_version"),
        request_id=UUID(claims["request_id"]),
        source=claims.get("source"),
    )
