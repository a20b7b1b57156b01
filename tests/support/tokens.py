"""Internal tokens as the gateway mints them, from a key of the test run's own."""

from __future__ import annotations

import json
from collections.abc import Iterable
from decimal import Decimal
from pathlib import Path
from typing import Any
from uuid import UUID, uuid5

from joserfc import jwt
from joserfc.jwk import OKPKey

from gateway.authority.rules import Matrix
from shared.actor import ALGORITHM, ISSUER, Actor, claims_of
from shared.authority import Limit
from shared.clock import process_now
from shared.ids import uuid7

ROOT = Path(__file__).resolve().parents[2]
KEY = OKPKey.generate_key("Ed25519", parameters={"kid": "test", "alg": ALGORITHM, "use": "sig"})
MATRIX = Matrix.load((ROOT / "gateway/authority/permissions.toml").read_text(encoding="utf-8"))
PEOPLE = UUID("0193b0c4-0000-7000-8000-000000000000")


def write_keys(path: Path) -> Path:
    """The key set that services verify with."""
    path.write_text(json.dumps({"keys": [KEY.as_dict(private=False)]}), encoding="ascii")
    return path


def person(name: str) -> UUID:
    """The same id for the same name in every test."""
    return uuid5(PEOPLE, name)


def actor(
    position: str, path: str, *, name: str | None = None, kind: str = "standard", level: str | None = None,
    limits: Iterable[tuple[str, str, str | None]] = (), more: Iterable[str] = (), **changes: Any,
) -> Actor:  # fmt: skip
    """Somebody in `position` at the unit with org path `path`, with the permissions of the matrix."""
    steps = path.split(".")
    at = level or ("head_office", "branch", "central_branch", "sub_branch")[len(steps) - 1]
    who = name or f"{position}@{path}"
    held = frozenset(MATRIX.permissions_of(position, at, kind)) | frozenset(more)
    facts: dict[str, Any] = {
        "person_id": person(who), "staff_no": f"T-{who}"[:40], "appointment_id": person(f"appointment of {who}"),
        "position": position, "unit_code": steps[-1], "level": at, "unit_kind": kind, "scope": path,
        "permissions": held, "request_id": uuid7(), "table_version": "2026-1",
        "limits": tuple(Limit(k, line, None if amount is None else Decimal(amount)) for k, line, amount in limits),
    }  # fmt: skip
    return Actor(**(facts | changes))


def token(who: Actor, audience: str, *, seconds: int = 60, key: OKPKey = KEY, **claims: Any) -> str:
    """The internal token that states `who` to `audience`."""
    now = int(process_now().timestamp())
    body = {**claims_of(who), "iss": ISSUER, "aud": audience, "iat": now, "exp": now + seconds, **claims}
    return jwt.encode({"alg": ALGORITHM, "kid": "test"}, body, key, algorithms=[ALGORITHM])
