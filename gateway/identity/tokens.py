"""Every token is made here: access tokens, internal tokens, opaque ones; and a machine's assertion is read here.

Access tokens and internal tokens are JWTs signed with Ed25519 by the key of `signing_key_file`. They differ in their
audience: `anlan` is the outside, an internal token is made out to exactly one service.
"""

from __future__ import annotations

import base64
import hashlib
import json
import secrets
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import UTC, datetime
from functools import cache, lru_cache
from operator import attrgetter
from pathlib import Path
from typing import Any
from uuid import UUID

from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import ECKey, KeySet, OKPKey

from gateway.identity.rules import ACCESS_S, ClientAssertionInvalid
from shared.actor import ALGORITHM, ISSUER, Actor, claims_of
from shared.authority import Limit
from shared.clock import SHANGHAI, process_now
from shared.errors import TokenInvalid

OUTSIDE = "anlan"
INTERNAL_S = 60
MONEY_S = 5
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
    signed = _header(key.kid or "", kind) + b"." + _unpadded(body)
    return (signed + b"." + _unpadded(key.private_key.sign(signed))).decode("ascii")  # type: ignore[union-attr]


@cache
def _header(kid: str, kind: str) -> bytes:
    return _unpadded(json.dumps({"alg": ALGORITHM, "kid": kid, "typ": kind}, separators=(",", ":")).encode())


def _unpadded(part: bytes) -> bytes:
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


def internal_token(
    actor: Actor, audience: str, *, money: bool, key: SigningKey, more: Iterable[str] = (), now: datetime | None = None
) -> str:
    """The statement of who acts, for one service: `audience` is `claims`, `policy`, … .

    It carries the permissions of that service alone, and of `more` (an `/internal` route's own permission) those that
    the actor holds. It lives 60 s; 5 s with the claim `money` on routes that carry money or grant authority; never
    longer than the delegation that is acted under.
    """
    issued = int((now or process_now()).timestamp())
    own = f'"request_id":"{actor.request_id}",{_ends(actor, issued, MONEY_S if money else INTERNAL_S)}'
    part = _stated(actor, audience, tuple(more))
    return _statement(part + _unpadded(f"{own}{_MONEY if money else _PLAIN}".encode()), key)


def reading_token(actor: Actor, audience: str, *, key: SigningKey, now: datetime | None = None) -> str:
    """The statement of who reads. It names no request and opens nothing but safe methods (`shared.actor.Statements`).

    One is made for a caller in a second, so that a page that asks for twenty things is signed for once: the signature
    is the dearest part of passing a request on. Whatever changes about the caller is another statement at once.
    """
    issued = int((now or process_now()).timestamp())
    part = _stated(actor, audience, ())
    place = (part, actor.source, actor.acting_until, id(key))
    held = _readings.get(place)
    if held is not None and held[0] == issued and held[1] is key:
        return held[2]
    token = _statement(part + _unpadded(f"{_ends(actor, issued, INTERNAL_S)}{_PLAIN}".encode()), key)
    if len(_readings) >= _MOST_STATED:
        _readings.clear()
    _readings[place] = (issued, key, token)
    return token


_readings: dict[tuple[Any, ...], tuple[int, SigningKey, str]] = {}


def _ends(actor: Actor, issued: int, lives_s: int) -> str:
    until = issued + lives_s
    if actor.acting_until is not None:
        until = min(until, int(actor.acting_until.timestamp()))
    return f'"source":{json.dumps(actor.source)},"iat":{issued},"exp":{until}'


def _statement(claims: bytes, key: SigningKey) -> str:
    header, sign = _signer(key)
    signed = header + claims
    return (signed + b"." + _unpadded(sign(signed))).decode("ascii")


_signers: dict[int, tuple[SigningKey, bytes, Callable[[bytes], bytes]]] = {}


def _signer(key: SigningKey) -> tuple[bytes, Callable[[bytes], bytes]]:
    """What goes before the claims of an internal token, and the signature of `key`, remembered by the very object."""
    held = _signers.get(id(key))
    if held is None or held[0] is not key:
        # a process signs with one key; more than a few are those of a test
        if len(_signers) >= 8:
            _signers.clear()
        held = (key, _header(key.kid or "", "JWT") + b".", key.private_key.sign)  # type: ignore[union-attr]
        _signers[id(key)] = held
    return held[1], held[2]


_MONEY, _PLAIN = ',"money":true}', "}"
_OF_THE_REQUEST = ("request_id", "source")
_LASTING = attrgetter(*(one.name for one in fields(Actor) if one.name not in (*_OF_THE_REQUEST, "limits")))
_MOST_STATED = 4096
_statements: dict[tuple[Any, ...], tuple[tuple[Limit, ...], bytes]] = {}


def _stated(actor: Actor, audience: str, more: tuple[str, ...]) -> bytes:
    """The part of the claims that stays the same from one request of a caller to the next, in base64.

    Remembered by everything that it says; the limits, a long list, by the very object that they are. Its length is
    filled up with a blank or two, so that the rest can be written behind it.
    """
    known = (*_LASTING(actor), id(actor.limits), audience, more)
    held = _statements.get(known)
    if held is not None and held[0] is actor.limits:
        return held[1]
    claims = claims_of(actor) | {"permissions": _kept(actor.permissions, audience, frozenset(more))}
    lasting = {name: value for name, value in claims.items() if name not in _OF_THE_REQUEST}
    text = json.dumps(lasting | {"iss": ISSUER, "aud": audience}, ensure_ascii=False, separators=(",", ":"))
    part = text[:-1].encode() + b","
    part = base64.urlsafe_b64encode(part + b" " * (-len(part) % 3))
    while len(_statements) >= _MOST_STATED:
        del _statements[next(iter(_statements))]
    _statements[known] = (actor.limits, part)
    return part


@lru_cache(maxsize=1024)
def _kept(permissions: frozenset[str], audience: str, more: frozenset[str]) -> list[str]:
    return sorted(one for one in permissions if one.startswith(f"{audience}.") or one in more)


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
