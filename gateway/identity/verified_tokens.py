"""Access tokens whose signature was verified once: remembered by their hash until they expire.

A signature does not change. What may have changed since, who the caller is and whether the sign-in still holds, is not
part of it and is judged with every request.
"""

from __future__ import annotations

import base64
import hashlib
import json
from dataclasses import dataclass
from datetime import datetime

from joserfc.jwk import KeySet

from gateway.identity.tokens import AccessClaims, read_access_token
from shared.clock import process_now

MOST = 20_000
"""Tokens remembered at a time; the one remembered first goes first."""


@dataclass(frozen=True, slots=True)
class _Verified:
    claims: AccessClaims
    issued: float
    expires: float


class VerifiedTokens:
    """The access tokens of one key set."""

    def __init__(self, keys: KeySet, *, most: int = MOST) -> None:
        self._keys = keys
        self._most = most
        self._known: dict[bytes, _Verified] = {}

    def read(self, token: str, now: datetime | None = None) -> AccessClaims:
        """What the token says. Raises `TokenInvalid` as `read_access_token`; a refused token is never remembered."""
        name = hashlib.sha256(token.encode()).digest()
        held = self._known.get(name)
        if held is not None:
            if held.issued <= (now or process_now()).timestamp() < held.expires:
                return held.claims
            del self._known[name]
        claims = read_access_token(token, self._keys)
        while len(self._known) >= self._most:
            del self._known[next(iter(self._known))]
        self._known[name] = _verified(token, claims)
        return claims


def _verified(token: str, claims: AccessClaims) -> _Verified:
    """With the times of the token, which has just been verified."""
    part = token.split(".")[1]
    said = json.loads(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)))
    return _Verified(claims, float(said.get("iat", 0)), float(said["exp"]))
