"""Asking all services at once for what the gateway shows over all of them: inbox and audit trail.

Each is asked as the caller, with a token for it alone. One that does not answer in time is named, not waited for.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from gateway.forwarding.upstreams import Upstreams
from gateway.identity.tokens import SigningKey, internal_token
from shared.actor import Actor
from shared.errors import Problem
from shared.telemetry import traceparent

WITHIN_S = 2.0


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
        token = internal_token(actor, service, money=False, key=key, more=(permission,))
        headers = [
            ("authorization", f"Bearer {token}"),
            ("x-request-id", str(actor.request_id)),
            ("traceparent", traceparent()),
            *((("accept-language", language),) if language else ()),
        ]
        try:
            address = target if isinstance(target, str) else target(service)
            return await upstreams.ask(service, address, headers, within_s)
        except (Problem, ValueError):
            return None

    services = sorted(upstreams.services)
    found = await asyncio.gather(*(asked(service) for service in services))
    answers = {service: one for service, one in zip(services, found, strict=True) if one is not None}
    return Views(answers, [service for service in services if service not in answers])
