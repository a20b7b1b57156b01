"""The issuer outside (OpenID Connect): its discovery document, its keys, and what its id tokens say.

Keys are remembered and change with the issuer's rotation. Whatever the reason (too old, an unknown key id, an issuer
that did not answer), the issuer is asked again once per interval at most, so nobody can make this gateway flood it.
While it does not answer, the keys last read serve on for a day.
"""

from __future__ import annotations

import asyncio
import base64
import json
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Literal
from urllib.parse import urlsplit

import aiohttp
import structlog
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import ECKey, OKPKey, RSAKey

from gateway.identity.rules import IdTokenInvalid, IssuerUnavailable
from gateway.identity.tokens import digest

log = structlog.get_logger()

Algorithm = Literal["RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "Ed25519"]
"""What a setting may allow: signatures by a private key only, never a shared secret, never none."""

LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1"})
MOST_BYTES = 256 * 1024
WITHIN_S = 3.0
STALE_S = 24 * 3600.0
FRESH = timedelta(minutes=10)
"""An id token is exchanged this long after it was issued at most, however long it says that it lives."""
SKEW = timedelta(seconds=30)
LEAST_RSA_BITS = 2048

_KINDS: Mapping[str, Any] = {"RSA": RSAKey, "EC": ECKey, "OKP": OKPKey}
_KIND_OF = {"R": "RSA", "P": "RSA", "E": "EC"}


@dataclass(frozen=True, slots=True)
class IssuerTerms:
    """What the installation has agreed with its issuer."""

    issuer: str
    audience: str
    """The `aud` of an id token."""
    client: str
    """The `azp` of a token with several audiences."""
    staff_claim: str
    """The claim that holds the staff number."""
    algorithms: tuple[Algorithm, ...]
    keys_s: float
    """How long the keys are remembered."""
    interval_s: float
    """At most one request for keys in this time."""


@dataclass(frozen=True, slots=True)
class Vouched:
    """What a verified id token says."""

    staff_no: str
    authenticated_at: datetime | None
    """When the person proved himself to the issuer, where the token says so."""
    token_hash: bytes
    usable_until: datetime


class Unanswered(Exception):
    """The issuer did not answer, or not as an issuer does."""


class Issuer:
    """One issuer with the keys last read from it."""

    def __init__(self, terms: IssuerTerms) -> None:
        self.terms = terms
        self._keys: list[Mapping[str, Any]] = []
        self._keys_uri: str | None = None
        self._read_at: float | None = None
        self._asked_at: float | None = None
        self._asking = asyncio.Lock()

    async def vouched(self, token: str, nonce: str | None, now: datetime) -> Vouched:
        """What the id token says. Raises `IdTokenInvalid`, `IssuerUnavailable`."""
        header = _header_of(token)
        algorithm, key_id = header.get("alg"), header.get("kid")
        if algorithm not in self.terms.algorithms or not isinstance(key_id, str | None):
            raise IdTokenInvalid()
        key = await self._key(str(algorithm), key_id)
        try:
            said = jwt.decode(token, key, algorithms=[str(algorithm)]).claims
            self._validate(said, nonce, now)
            staff_no, proven = said[self.terms.staff_claim], said.get("auth_time")
            if not isinstance(staff_no, str) or not staff_no:
                raise IdTokenInvalid()
            at = None if proven is None else datetime.fromtimestamp(int(proven), UTC)
            until = datetime.fromtimestamp(int(said["iat"]), UTC) + FRESH + SKEW
            return Vouched(staff_no, at, digest(token), until)
        except (JoseError, KeyError, ValueError, TypeError, OverflowError) as problem:
            raise IdTokenInvalid() from problem

    def _validate(self, said: Mapping[str, Any], nonce: str | None, now: datetime) -> None:
        """Raises `JoseError`, `ValueError`."""
        seconds = int(now.timestamp())
        jwt.JWTClaimsRegistry(
            now=seconds,
            leeway=int(SKEW.total_seconds()),
            iss={"essential": True, "value": self.terms.issuer},
            aud={"essential": True, "value": self.terms.audience},
            exp={"essential": True},
            iat={"essential": True},
            sub={"essential": True},
        ).validate(dict(said))
        audiences, party = said["aud"], said.get("azp")
        if (isinstance(audiences, list) and len(audiences) > 1 and party is None) or party not in (
            None, self.terms.client,
        ):  # fmt: skip
            raise ValueError("azp")
        if seconds - int(said["iat"]) > (FRESH + SKEW).total_seconds() or said.get("nonce") != nonce:
            raise ValueError("iat or nonce")

    async def _key(self, algorithm: str, key_id: str | None) -> Any:
        if self._read_at is None or time.monotonic() - self._read_at > self.terms.keys_s:
            await self._ask()
        found = self._found(algorithm, key_id)
        if found is None:
            await self._ask()
            found = self._found(algorithm, key_id)
        if self._read_at is None or time.monotonic() - self._read_at > max(STALE_S, self.terms.keys_s):
            raise IssuerUnavailable()
        if found is None:
            raise IdTokenInvalid()
        return found

    def _found(self, algorithm: str, key_id: str | None) -> Any:
        """The key for this header. Without a key id the issuer must have just one that fits."""
        kind = _KIND_OF.get(algorithm[0], "OKP") if algorithm != "Ed25519" else "OKP"
        fitting = [one for one in self._keys if one["kty"] == kind and one.get("alg") in (None, algorithm)]
        if key_id is not None:
            fitting = [one for one in fitting if one.get("kid") == key_id]
        try:
            return _KINDS[kind].import_key(dict(fitting[0])) if len(fitting) == 1 else None
        except (JoseError, ValueError):
            return None

    async def _ask(self) -> None:
        """Read the keys anew unless that was tried within the interval; whoever waits takes the answer of the first."""
        async with self._asking:
            now = time.monotonic()
            if self._asked_at is not None and now - self._asked_at < self.terms.interval_s:
                return
            self._asked_at = now
            try:
                self._keys = await self._fetched()
                self._read_at = time.monotonic()
            except (Unanswered, aiohttp.ClientError, TimeoutError, ValueError, OSError) as fault:
                self._keys_uri = None
                log.warning("issuer_unavailable", fault=type(fault).__name__)

    async def _fetched(self) -> list[Mapping[str, Any]]:
        timeout = aiohttp.ClientTimeout(total=WITHIN_S)
        async with aiohttp.ClientSession(timeout=timeout, trust_env=False) as session:
            if self._keys_uri is None:
                self._keys_uri = await self._discovered(session)
            told = await _read(session, self._keys_uri)
        keys = told.get("keys")
        if not isinstance(keys, list):
            raise Unanswered()
        return [one for one in keys if _suitable(one)]

    async def _discovered(self, session: aiohttp.ClientSession) -> str:
        address = self.terms.issuer.rstrip("/") + "/.well-known/openid-configuration"
        told = await _read(session, address)
        uri = told.get("jwks_uri")
        if told.get("issuer") != self.terms.issuer or not isinstance(uri, str) or not is_safe(uri):
            raise Unanswered()
        return uri


def is_safe(address: str) -> bool:
    """https; http only on this machine itself."""
    parts = urlsplit(address)
    return parts.scheme == "https" or (parts.scheme == "http" and parts.hostname in LOOPBACK)


def _suitable(key: Any) -> bool:
    """A public key for signatures; what this gateway does not understand is passed over (RFC 7517 §5)."""
    if not isinstance(key, dict) or key.get("kty") not in _KINDS or key.get("use") not in (None, "sig") or "d" in key:
        return False
    return key["kty"] != "RSA" or len(str(key.get("n", "")).rstrip("=")) * 6 >= LEAST_RSA_BITS


def _header_of(token: str) -> Mapping[str, Any]:
    try:
        part = token.split(".")[0]
        header = json.loads(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)))
    except (ValueError, UnicodeError) as problem:
        raise IdTokenInvalid() from problem
    if not isinstance(header, dict):
        raise IdTokenInvalid()
    return header


async def _read(session: aiohttp.ClientSession, address: str) -> Mapping[str, Any]:
    """The JSON object at `address`, of bounded size, without following anything elsewhere."""
    async with session.get(address, allow_redirects=False, headers={"Accept": "application/json"}) as response:
        if response.status != 200:
            raise Unanswered()
        body = b""
        async for piece in response.content.iter_chunked(16 * 1024):
            body += piece
            if len(body) > MOST_BYTES:
                raise Unanswered()
    told = json.loads(body)
    if not isinstance(told, dict):
        raise Unanswered()
    return told


def terms_of(settings: Any) -> IssuerTerms | None:
    """From the gateway's settings; None where people sign in with built-in accounts."""
    if not settings.oidc_issuer:
        return None
    algorithms: Sequence[Algorithm] = settings.oidc_algorithms
    return IssuerTerms(
        issuer=settings.oidc_issuer, audience=settings.oidc_audience or settings.oidc_client,
        client=settings.oidc_client, staff_claim=settings.oidc_staff_claim, algorithms=tuple(algorithms),
        keys_s=settings.oidc_keys_s, interval_s=settings.oidc_interval_s,
    )  # fmt: skip
