"""Asking all services at once for what the gateway shows over all of them: inbox and audit trail.

Each is asked as the caller, with a token for it alone. One that does not answer in time is named, not waited for.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

from gateway.forwarding.upstreams import Upstreams
from gateway.identity.statements import internal_token
from gateway.identity.tokens import SigningKey
from shared.actor import Actor
from shared.errors import Problem
from shared.telemetry import traceparent

WITHIN_S = 2.0
TELL_S = 20.0
"""A hundred items take their time, and none is lost by waiting for it."""


@dataclass(frozen=True, slots=True)
class Views:
    """What each service answered, and the services that did not."""

    answers: dict[str, Any]
    partial: list[str]


async def ask_all(
    upstreams: Upstreams, key: SigningKey, actor: Actor, target: str | Callable[[str], str], permission: str, *,
    within_s: float = WITHIN_S, language: str | None = None,
) -> Views:  # fmt: skip
    """`GET target` of every service, in parallel, or what `target` says for each; `permission` is that of the internal
    route, `language` that of the texts in the answers."""

    async def asked(service: str) -> Any:
        address = target if isinstance(target, str) else target(service)
        return await upstreams.ask(service, address, _headers(key, actor, service, permission, language), within_s)

    return await _each(upstreams, asked)


async def tell_all(
    upstreams: Upstreams, key: SigningKey, actor: Actor, path: str, permission: str, body: bytes, *,
    idempotency_key: str | None, language: str, within_s: float = TELL_S,
) -> Views:  # fmt: skip
    """`POST path` to every service, in parallel, under the caller's own key; without one it is tried out only."""
    target = path if idempotency_key is not None else f"{path}?dry_run=true"

    async def told(service: str) -> Any:
        headers = [
            *_headers(key, actor, service, permission, language),
            ("content-type", "application/json"),
            *((("idempotency-key", idempotency_key),) if idempotency_key is not None else ()),
        ]
        return await upstreams.ask(service, target, headers, within_s, body=body)

    return await _each(upstreams, told)


def _headers(
    key: SigningKey, actor: Actor, service: str, permission: str, language: str | None
) -> list[tuple[str, str]]:
    return [
        ("authorization", f"Bearer {internal_token(actor, service, money=False, key=key, more=(permission,))}"),
        ("x-request-id", str(actor.request_id)),
        ("traceparent", traceparent()),
        *((("accept-language", language),) if language else ()),
    ]


async def _each(upstreams: Upstreams, ask: Callable[[str], Awaitable[Any]]) -> Views:
    async def answered(service: str) -> Any:
        try:
            return await ask(service)
        except (Problem, ValueError):
            return None

    services = sorted(upstreams.services)
    found = await asyncio.gather(*(answered(service) for service in services))
    answers = {service: one for service, one in zip(services, found, strict=True) if one is not None}
    return Views(answers, [service for service in services if service not in answers])
