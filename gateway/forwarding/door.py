"""The door: who asks, whether the position may, whether the password was given lately, whether the amount is theirs.

In this order, and the same for every id: what depends on a record is the service's to say. A write refused here leaves
its one entry in the gateway's own audit trail.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol
from uuid import UUID

from fastapi import Request

from gateway.authority.rules import Matrix
from gateway.forwarding import stated_amount
from gateway.forwarding.headers import values
from gateway.forwarding.rate_limit import RateLimit
from gateway.forwarding.request_body import RequestBody
from gateway.forwarding.table import ForwardedRoute
from gateway.identity.statements import internal_token, reading_token
from gateway.identity.tokens import SigningKey
from gateway.organisation.queries import units_on_path
from shared import audit
from shared.actor import SAFE_METHODS, Actor
from shared.authority import AuthorityTable, in_force
from shared.clock import legal_day, process_now
from shared.database import Database
from shared.errors import Fault, IdempotencyKeyMissing, Problem, Text

HEAD_OFFICE = "00"
AUDITED = (401, 403, 404)


class SignedInCaller(Protocol):
    """Somebody whose access token holds now."""

    @property
    def actor(self) -> Actor: ...

    @property
    def at(self) -> datetime:
        """The moment at which the token held."""
        ...

    def refuse_without_step_up(self, now: Any) -> None: ...


class KnownCallers(Protocol):
    """Who callers are: `gateway.identity.callers.Callers`."""

    async def caller_of(self, request: Request) -> SignedInCaller: ...

    async def tables(self) -> list[AuthorityTable]: ...

    def origin_of(self, request: Request) -> Any: ...


@dataclass(frozen=True, slots=True)
class Door:
    """What stands between a request and the service it is for."""

    callers: KnownCallers
    rate_limit: RateLimit
    matrix: Matrix
    key: SigningKey
    db: Database

    async def caller(self, scope: Any) -> SignedInCaller:
        """Who asks; counted. Raises `TokenInvalid`, `RateLimited`."""
        caller = await self.callers.caller_of(Request(scope))
        scope["state"]["actor"] = caller.actor
        self.rate_limit.count_caller(scope, caller.actor)
        return caller

    async def admit(self, scope: Any, route: ForwardedRoute, body: RequestBody) -> str | None:
        """The internal token of an admitted request; None for a public route.

        Raises `TokenInvalid`, `RateLimited`, `ActionNotPermitted`, `IdempotencyKeyMissing`, `StepUpRequired`,
        `AuthorityExceeded`.
        """
        if route.permission is None:
            self.rate_limit.count_source(scope, self.callers.origin_of(Request(scope)).source)
            return None
        caller = await self.caller(scope)
        actor = caller.actor
        actor.require(route.permission)
        _refuse_unkeyed(scope, route)
        if route.step_up:
            caller.refuse_without_step_up(process_now())
        now = caller.at
        if route.amount is not None:
            await self._compare(actor, route, body)
            # the body may have taken its time
            now = process_now()
        money = self.carries_money(route)
        if scope["method"] in SAFE_METHODS and not money:
            return reading_token(actor, route.service, key=self.key, now=now)
        return internal_token(actor, route.service, money=money, key=self.key, now=now)

    async def _compare(self, actor: Actor, route: ForwardedRoute, body: RequestBody) -> None:
        assert route.amount is not None  # noqa: S101 - asked by the caller
        body.max_bytes = min(body.max_bytes, stated_amount.MAX_BYTES)
        amount = stated_amount.amount_decided(await body.whole(), route.amount)
        if amount is None or not stated_amount.exceeds(actor, route.amount.kind, amount):
            return
        table = in_force(await self.callers.tables(), legal_day(process_now()))
        async with self.db.transaction(actor) as tx:
            await tx.use_scope(HEAD_OFFICE)
            units = await units_on_path(tx, actor.scope)
        raise stated_amount.refusal(actor, route.amount.kind, amount, table, units)

    def carries_money(self, route: ForwardedRoute) -> bool:
        """Whether the token may live for seconds only."""
        row = None if route.permission is None else self.matrix.permissions.get(route.permission)
        return route.amount is not None or route.step_up or (row is not None and row.kind == "money")

    async def note(self, scope: Any, problem: Problem, template: str, path: str) -> None:
        """The one entry of a write refused to a known caller: 403, 404 and the 401 that wants the password again."""
        actor: Actor | None = scope["state"].get("actor")
        if actor is None or scope["method"] in ("GET", "HEAD", "OPTIONS") or problem.status not in AUDITED:
            return
        if b"dry_run=true" in scope["query_string"].split(b"&") or path.endswith("/searches"):
            return
        entry = audit.Entry(
            action=f"{scope['method']} {template}", object_type="request", object_id=_first_id(path),
            org_path=actor.scope, outcome="refused", reason=problem.code, in_history=False,
        )  # fmt: skip
        async with self.db.transaction(actor) as tx:
            tx.note_act(entry)


def _refuse_unkeyed(scope: Any, route: ForwardedRoute) -> None:
    """What must have its effect once says which once it means; a dry run, which only the service can read, has none."""
    if route.keyed and b"dry_run=" not in scope["query_string"] and not values(scope["headers"], b"idempotency-key"):
        words = Text("该请求必须携带 Idempotency-Key。", "Send an Idempotency-Key of at most 200 characters.")
        raise IdempotencyKeyMissing(Fault("idempotency_key_missing", words, header="Idempotency-Key"))


def _first_id(path: str) -> UUID | None:
    for step in path.split("/"):
        try:
            return UUID(step)
        except ValueError:
            continue
    return None
