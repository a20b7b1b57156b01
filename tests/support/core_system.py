"""A core policy system that is simulated: its own policies, and a network that loses, repeats and reorders."""

from __future__ import annotations

import asyncio
import random
from collections import Counter
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import httpx

from embedded.demonstration.policies import policies
from examples.core_client.client import CoreClient
from shared.money import yuan
from tests.support.tokens import actor, token

CORE = actor("core_system", "00")
TODAY = date(2026, 11, 24)
AT_ONCE = 8


class LossyTransport(httpx.AsyncBaseTransport):
    """A network that loses answers (the request was carried out, or never arrived) and sends some requests twice."""

    def __init__(self, inner: httpx.AsyncBaseTransport, dice: random.Random, lost: float, doubled: float) -> None:
        self.inner, self.dice, self.lost, self.doubled = inner, dice, lost, doubled
        self.counts: Counter[str] = Counter()

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        body = await request.aread()
        if self.dice.random() < self.lost / 2:
            self.counts["never_arrived"] += 1
            raise httpx.ConnectError("lost on the way", request=request)
        if self.dice.random() < self.doubled:
            self.counts["doubled"] += 1
            await (await self._send(request, body)).aread()
        answer = await self._send(request, body)
        await answer.aread()
        if self.dice.random() < self.lost / 2:
            self.counts["answer_lost"] += 1
            raise httpx.ReadTimeout("the answer was lost", request=request)
        self.counts["answered"] += 1
        return answer

    async def _send(self, request: httpx.Request, body: bytes) -> httpx.Response:
        again = httpx.Request(request.method, request.url, headers=request.headers, content=body)
        return await self.inner.handle_async_request(again)

    async def aclose(self) -> None:
        await self.inner.aclose()


@asynccontextmanager
async def connected(transport: httpx.AsyncBaseTransport, url: str = "http://service") -> AsyncIterator[CoreClient]:
    """The reference client over this transport, as the core system straight at the service."""

    async def bearer() -> str:
        return token(CORE, "policy", seconds=300)

    async with httpx.AsyncClient(transport=transport, base_url=url, timeout=30) as http:
        yield CoreClient(http, bearer, tries=200, pause_s=0.05)


@dataclass
class CoreSystem:
    """What the core holds: of each policy its versions, by number. `wrong`: versions that it sent with two contents."""

    dice: random.Random
    held: dict[str, dict[int, dict[str, Any]]] = field(default_factory=dict)
    wrong: set[tuple[str, int]] = field(default_factory=set)
    applied: Counter[str] = field(default_factory=Counter)
    _moved: asyncio.Condition = field(default_factory=asyncio.Condition)

    def messages(self, count: int) -> list[tuple[str, dict[str, Any]]]:
        """So many messages in the order in which they were made: new policies, and what became of them."""
        made: list[tuple[str, dict[str, Any]]] = []
        fresh: Iterator[dict[str, Any]] = iter(policies(max(20, count // 3), self.dice.randrange(1000), TODAY))
        while len(made) < count:
            body = next(fresh, None) if not self.held or self.dice.random() < 0.35 else None
            made.append(self._issued(body) if body is not None else self._changed())
        return made

    def _issued(self, body: dict[str, Any]) -> tuple[str, dict[str, Any]]:
        number = body["policy_no"]
        version = {name: value for name, value in body.items() if name != "policy_no"}
        self.held[number] = {1: version}
        return number, version

    def _changed(self) -> tuple[str, dict[str, Any]]:
        number = self.dice.choice(list(self.held))
        versions = self.held[number]
        last, n = versions[max(versions)], max(versions) + 1
        if last["status"] != "in_force" and self.dice.random() < 0.9:
            return self._twice(number, max(versions), last)
        kind = self.dice.choices(["endorse", "correct", "cancel", "twice"], [60, 15, 15, 10])[0]
        if kind == "twice":
            return self._twice(number, max(versions), last)
        versions[n] = self._next(last, n, kind)
        return number, versions[n]

    def _twice(self, number: str, n: int, last: dict[str, Any]) -> tuple[str, dict[str, Any]]:
        """The newest version again; now and then, by a mistake of the core, with another premium."""
        if self.dice.random() < 0.7:
            return number, last
        self.wrong.add((number, n))
        return number, {**last, "premium": str(yuan(Decimal(last["premium"]) + 1))}

    def _next(self, last: dict[str, Any], n: int, kind: str) -> dict[str, Any]:
        delta = Decimal(self.dice.randrange(-500, 2000))
        day = TODAY - timedelta(days=max(0, 300 - n))
        told = {
            **last, "core_version": n, "change": {"kind": kind, "no": f"{kind[0].upper()}{n}", "reason": None},
            "effective_at": f"{day.isoformat()}T00:00:00+08:00", "insured_persons": None,
            "premium": str(yuan(max(Decimal(last["premium"]) + delta, Decimal(1)))), "premium_delta": str(yuan(delta)),
        }  # fmt: skip
        if kind == "cancel":
            told |= {"status": "cancelled", "ended_at": f"{day.isoformat()}T00:00:00+08:00"}
        return told

    def shuffled(
        self, messages: Sequence[tuple[str, dict[str, Any]]], share: float
    ) -> list[tuple[str, dict[str, Any]]]:
        """The messages with a share of them up to thirty places later than they were made."""
        late = ((n + self.dice.randrange(1, 30)) if self.dice.random() < share else n for n in range(len(messages)))
        return [one for _, _, one in sorted(zip(late, range(len(messages)), messages, strict=True))]

    async def send(self, client: CoreClient, messages: Sequence[tuple[str, dict[str, Any]]]) -> None:
        """Send them in this order, several at once, until each has its answer."""
        waiting = iter(messages)

        async def sender() -> None:
            for number, body in waiting:
                told = await client.put_policy(number, body)
                async with self._moved:
                    self.applied[told["applied"]] += 1
                    self._moved.notify_all()

        async with asyncio.TaskGroup() as group:
            for _ in range(AT_ONCE):
                group.create_task(sender())

    async def reached(self, answers: int) -> None:
        """Wait until so many messages have their answer."""
        async with self._moved:
            await self._moved.wait_for(lambda: sum(self.applied.values()) >= answers)

    def statement(self, today: date) -> list[dict[str, Any]]:
        """What the core says of every policy at the end of a day."""
        return [self._line(number, versions[max(versions)], today) for number, versions in sorted(self.held.items())]

    def _line(self, number: str, newest: dict[str, Any], today: date) -> dict[str, Any]:
        over = newest["ends_at"] < f"{(today + timedelta(days=1)).isoformat()}T00:00:00+08:00"
        status = "expired" if over and newest["status"] == "in_force" else newest["status"]
        return {
            "policy_no": number, "core_version": newest["core_version"], "status": status,
            "premium_total": newest["premium"], "claims_paid_total": "0.00",
        }  # fmt: skip
