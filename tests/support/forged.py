"""Credentials that must open nothing: each one is wrong in a single way, made from a token that would be right."""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping
from uuid import UUID

from joserfc.jwk import OKPKey

from shared.actor import ALGORITHM, Actor
from tests.support.tokens import token

STRANGE_KEY = OKPKey.generate_key("Ed25519", parameters={"kid": "test", "alg": ALGORITHM, "use": "sig"})
"""It calls itself like the right one."""


def bad_credentials(who: Actor, service: str) -> dict[str, dict[str, str]]:
    """What is wrong → header fields, for somebody who could do everything at `service` with a right token."""
    right, other = token(who, service), "claims" if service == "policy" else "policy"
    named = {"X-User-Id": str(who.person_id), "X-User": who.staff_no, "X-Org-Path": who.scope, "X_User_Id": "1"}
    return {
        "nothing": {},
        "garbage": {"Authorization": "Bearer x.y.z"},
        "no token": {"Authorization": "Bearer"},
        "another scheme": {"Authorization": f"Basic {right}"},
        "expired": {"Authorization": f"Bearer {token(who, service, seconds=-3600)}"},
        "another service's": {"Authorization": f"Bearer {token(who, other)}"},
        "an outside token": {"Authorization": f"Bearer {token(who, 'anlan')}"},
        "another issuer": {"Authorization": f"Bearer {token(who, service, iss='somebody')}"},
        "a strange key": {"Authorization": f"Bearer {token(who, service, key=STRANGE_KEY)}"},
        "no signature": {"Authorization": f"Bearer {unsigned(right)}"},
        "another body": {"Authorization": f"Bearer {altered(right, sub=str(UUID(int=1)))}"},
        "headers alone": named,
    }


def unsigned(right: str) -> str:
    """The same statement under `alg: none`."""
    head = _part({"alg": "none", "typ": "JWT"})
    return f"{head}.{right.split('.')[1]}."


def altered(right: str, **claims: str) -> str:
    """The same signature under another statement."""
    head, body, signature = right.split(".")
    said = json.loads(base64.urlsafe_b64decode(body + "=" * (-len(body) % 4)))
    return f"{head}.{_part(said | claims)}.{signature}"


def _part(said: Mapping[str, object]) -> str:
    return base64.urlsafe_b64encode(json.dumps(dict(said)).encode()).rstrip(b"=").decode("ascii")
