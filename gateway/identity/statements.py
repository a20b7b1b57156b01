"""What the gateway states to a service about the caller of a request: the internal token.

A JWT signed with Ed25519 by the key of `signing_key_file`, made out to exactly one service.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Iterable
from dataclasses import fields
from datetime import datetime
from functools import lru_cache
from operator import attrgetter
from typing import Any

from gateway.identity.tokens import SigningKey, header, unpadded
from shared.actor import ISSUER, Actor, claims_of
from shared.authority import Limit
from shared.clock import process_now

INTERNAL_S = 60
MONEY_S = 5


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
    return _statement(part + unpadded(f"{own}{_MONEY if money else _PLAIN}".encode()), key)


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
    token = _statement(part + unpadded(f"{_ends(actor, issued, INTERNAL_S)}{_PLAIN}".encode()), key)
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
    return (signed + b"." + unpadded(sign(signed))).decode("ascii")


_signers: dict[int, tuple[SigningKey, bytes, Callable[[bytes], bytes]]] = {}


def _signer(key: SigningKey) -> tuple[bytes, Callable[[bytes], bytes]]:
    """What goes before the claims of an internal token, and the signature of `key`, remembered by the very object."""
    held = _signers.get(id(key))
    if held is None or held[0] is not key:
        # a process signs with one key; more than a few are those of a test
        if len(_signers) >= 8:
            _signers.clear()
        held = (key, header(key.kid or "", "JWT") + b".", key.private_key.sign)  # type: ignore[union-attr]
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
