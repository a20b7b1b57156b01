"""Tokens for the outside are made here, access tokens and opaque ones; and a machine's assertion is read here.

Access tokens are JWTs signed with Ed25519 by the key of `signing_key_file`, with the audience `anlan`. What services
are told inside is in `statements.py`.
"""

from __future__ import annotations

import base64
import hashlib
import json
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any
from uuid import UUID

from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import ECKey, KeySet, OKPKey

from gateway.identity.rules import ACCESS_S, ClientAssertionInvalid
from shared.actor import ALGORITHM, ISSUER
from shared.clock import SHANGHAI, process_now
from shared.errors import TokenInvalid

OUTSIDE = "anlan"
ASSERTION_S = 300
_SKEW_S = 5
_ASSERTION_ALGORITHMS = [ALGORITHM, "ES256"]
_TYPES = {"OKP": OKPKey, "EC": ECKey}

SigningKey = OKPKey


def read_signing_key(path: Path) -> SigningKey:
    """The private key of `signing_key_file`. Raises `ValueError` unless it is a private Ed25519 JWK with a `kid`."""
    key = OKPKey.import_key(json.loads(path.read_text(encoding="ascii")))
    if not key.is_private or key.curve_name != "Ed25519" or not key.kid:
        raise ValueError(f"{path.name} must hold a private Ed25519 key with a kid")
    return key


def _signed(key: SigningKey, kind: str, claims: Mapping[str, Any]) -> str:
    """A compact JWS (RFC 7515 §7.1, RFC 8037 §3.1), written here because each forwarded request has one made: the
    library looks up and checks anew with every token what never changes with the key.
    """
    body = json.dumps(claims, ensure_ascii=False, separators=(",", ":")).encode()
    signed = header(key.kid or "", kind) + b"." + unpadded(body)
    return (signed + b"." + unpadded(key.private_key.sign(signed))).decode("ascii")  # type: ignore[union-attr]


@cache
def header(kid: str, kind: str) -> bytes:
    """The first part of a token."""
    return unpadded(json.dumps({"alg": ALGORITHM, "kid": kid, "typ": kind}, separators=(",", ":")).encode())


def unpadded(part: bytes) -> bytes:
    """Base64 for addresses, without its padding (RFC 7515 §2)."""
    return base64.urlsafe_b64encode(part).rstrip(b"=")


@dataclass(frozen=True, slots=True)
class AccessClaims:
    """What an access token says; everything else about the caller is looked up."""

    person_id: UUID
    session_id: UUID
    appointment_id: UUID
    generation: int
    epoch: int
    authenticated_at: datetime
    """When the password was last given."""
    delegation_id: UUID | None = None
    """The delegation that is acted under."""


def access_token(key: SigningKey, claims: AccessClaims, now: datetime) -> str:
    """The token for the outside; it lives 5 minutes. `delegation` joins the claims while somebody acts for another."""
    issued = int(now.timestamp())
    acting = {} if claims.delegation_id is None else {"delegation": str(claims.delegation_id)}
    return _signed(
        key,
        "at+jwt",
        acting
        | {
            "iss": ISSUER,
            "aud": OUTSIDE,
            "sub": str(claims.person_id),
            "sid": str(claims.session_id),
            "appointment": str(claims.appointment_id),
            "generation": claims.generation,
            "epoch": claims.epoch,
            "auth_time": int(claims.authenticated_at.timestamp()),
            "iat": issued,
            "exp": issued + ACCESS_S,
        },
    )


def read_access_token(token: str, keys: KeySet) -> AccessClaims:
    """Raises `TokenInvalid` for a bad signature, another audience or issuer, an expired token, a missing claim."""
    try:
        decoded = jwt.decode(token, keys, algorithms=[ALGORITHM])
        jwt.JWTClaimsRegistry(
            now=int(process_now().timestamp()),
            leeway=_SKEW_S,
            iss={"essential": True, "value": ISSUER},
            aud={"essential": True, "value": OUTSIDE},
            exp={"essential": True},
            sub={"essential": True},
        ).validate(decoded.claims)
        said = decoded.claims
        return AccessClaims(
            person_id=UUID(said["sub"]),
            session_id=UUID(said["sid"]),
            appointment_id=UUID(said["appointment"]),
            generation=int(said["generation"]),
            epoch=int(said["epoch"]),
            authenticated_at=datetime.fromtimestamp(said["auth_time"], UTC).astimezone(SHANGHAI),
            delegation_id=UUID(said["delegation"]) if "delegation" in said else None,
        )
    except (JoseError, KeyError, ValueError, TypeError, AttributeError) as problem:
        raise TokenInvalid() from problem


def opaque() -> str:
    """A token that says nothing: 256 random bits, URL-safe."""
    return secrets.token_urlsafe(32)


def digest(token: str) -> bytes:
    """What is stored of an opaque token. It is random, so a plain hash is enough."""
    return hashlib.sha256(token.encode()).digest()


@dataclass(frozen=True, slots=True)
class Assertion:
    """A machine's own statement (RFC 7523): used once, until `expires_at`."""

    jti: str
    expires_at: datetime


def named_in(assertion: str) -> str:
    """Who the assertion says it is from, unverified. Raises `ClientAssertionInvalid`."""
    try:
        body = assertion.split(".")[1]
        said = json.loads(_padded(body))
        if not isinstance(said["sub"], str):
            raise ValueError("sub")
        return said["sub"]
    except (IndexError, KeyError, ValueError, TypeError) as problem:
        raise ClientAssertionInvalid() from problem


def _padded(part: str) -> bytes:
    return base64.urlsafe_b64decode(part + "=" * (-len(part) % 4))


def read_assertion(
    assertion: str, public_keys: Sequence[Mapping[str, Any]], name: str, audience: str, now: datetime
) -> Assertion:
    """Verified with one of the machine's registered keys, never with one that it names itself (`jku`, `x5u`, `jwk`).

    `name` must be issuer and subject, `audience` the token route. Raises `ClientAssertionInvalid`.
    """
    for public in public_keys:
        try:
            key = imported(public)
            said = jwt.decode(assertion, key, algorithms=_ASSERTION_ALGORITHMS).claims
            jwt.JWTClaimsRegistry(
                now=int(now.timestamp()),
                leeway=_SKEW_S,
                iss={"essential": True, "value": name},
                sub={"essential": True, "value": name},
                aud={"essential": True, "value": audience},
                exp={"essential": True},
                jti={"essential": True},
            ).validate(said)
            expires = datetime.fromtimestamp(said["exp"], UTC)
            if (expires - now).total_seconds() > ASSERTION_S + _SKEW_S or not 1 <= len(str(said["jti"])) <= 200:
                continue
            return Assertion(str(said["jti"]), expires)
        except (JoseError, KeyError, ValueError, TypeError, AttributeError):
            continue
    raise ClientAssertionInvalid()


def imported(public: Mapping[str, Any]) -> OKPKey | ECKey:
    """A registered public key. Raises `ValueError` for a private one or a kind that is not Ed25519 or P-256."""
    kind = _TYPES.get(str(public.get("kty")))
    if kind is None or "d" in public or public.get("crv") not in ("Ed25519", "P-256"):
        raise ValueError("a public Ed25519 or P-256 key is wanted")
    return kind.import_key(dict(public))


def thumbprint_of(public: Mapping[str, Any]) -> str:
    """The name of a key (RFC 7638). Raises `ValueError` like `imported`."""
    return imported(public).thumbprint()
