"""Problem answers outside of the framework: from raw ASGI, in the caller's language."""

from __future__ import annotations

import structlog
from prometheus_client import Counter
from starlette.types import Scope, Send

from gateway.forwarding.headers import values
from shared.errors import Problem
from shared.problems import language_of, written

log = structlog.get_logger()

_REFUSALS = Counter("gateway_refusals", "Refusals at the door by code", ["code"])


async def refuse(scope: Scope, send: Send, problem: Problem, *, close: bool = False) -> None:
    """Send the problem; `close`: the connection ends with it, since what follows on it cannot be trusted."""
    _REFUSALS.labels(problem.code).inc()
    if problem.status >= 500:
        log.warning("not_served", code=problem.code)
    accepted = values(scope["headers"], b"accept-language")
    body, headers = written(
        problem, language=language_of(accepted[0].decode("latin-1") if accepted else None), instance=scope["path"],
        request_id=scope["state"]["request_id"],
    )  # fmt: skip
    sent = [(name.lower().encode(), value.encode("latin-1")) for name, value in headers.items()]
    sent.append((b"content-length", str(len(body)).encode()))
    if close:
        sent.append((b"connection", b"close"))
    await send({"type": "http.response.start", "status": problem.status, "headers": sent})
    await send({"type": "http.response.body", "body": b"" if scope["method"] == "HEAD" else body})
