"""Every forwarded route × every position × every place, through the gateway: the oracle says who gets past the door.

Who does not hold the permission is refused there, whatever is named, and the service hears nothing; who holds it
reaches the service once, with a token for that service alone that says who he is, whatever his own headers say.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import AsyncIterator
from dataclasses import dataclass

import httpx
import pytest
from joserfc import jwt

from gateway.forwarding.table import ForwardedRoute, RouteTable
from shared.actor import ALGORITHM
from tests.security.oracle import matrix, posts
from tests.support import engines
from tests.support.forwarding_world import Register, StandIn, gateway_app, plant_units
from tests.support.gateway import SIGNING, settings_of
from tests.support.schema_bodies import UNKNOWN
from tests.support.tokens import actor

SERVICES = ("policy", "claims", "risk", "complaints", "crm")
PATHS = {
    posts.SUB: "00.32.3201.320102", posts.CENTRAL: "00.32.3201", posts.LOCAL: "00.32.3200", posts.BRANCH: "00.32",
    posts.HEAD: "00",
}  # fmt: skip
ELSEWHERE = {posts.SUB: "00.33.3301.330101", posts.CENTRAL: "00.33.3301", posts.BRANCH: "00.33"}
ROUTE_FLOOR, CALL_FLOOR = 130, 7_000
LIES = {"X-User-Id": "1", "X-Org-Path": "00", "X-Permissions": "*", "Forwarded": "for=10.0.0.1"}


@dataclass
class Front:
    """The gateway with the committed table, one stand-in for all services, and who is known by which token."""

    client: httpx.AsyncClient
    behind: StandIn
    register: Register
    table: RouteTable


@pytest.fixture(scope="module")
async def front(clones: engines.Clones, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Front]:
    await clones.reset("gateway")
    async with StandIn("all").running() as behind:
        urls = dict.fromkeys(SERVICES, f"http://localhost:{behind.port}")
        quotas = dict.fromkeys(("rate_read", "rate_write", "rate_machine", "rate_sign_in", "rate_source"), 10_000_000)
        settings = settings_of(
            clones.application_url("gateway"), tmp_path_factory.mktemp("front"), service_urls=urls, **quotas
        )
        register, table = Register(), RouteTable.load()
        app = gateway_app(settings, register, table)
        await plant_units(app.state.db)
        async with app.router.lifespan_context(app):
            transport = httpx.ASGITransport(app, raise_app_exceptions=False)
            async with httpx.AsyncClient(transport=transport, base_url="http://gateway") as client:
                yield Front(client, behind, register, table)
    await clones.reset("gateway")


def _people(front: Front) -> list[tuple[str, int, str]]:
    """Everybody there can be: position, place, token; in another branch as well as in the own one."""
    found = []
    for post, places in posts.WHERE.items():
        for where in (PATHS, ELSEWHERE):
            for place, path in where.items():
                if place in places:
                    level, kind = posts.PLACES[place]
                    name = f"{post}@{path}"
                    front.register.knows(name, actor(post, path, level=level, kind=kind))
                    found.append((post, place, name))
    return found


def _path(route: ForwardedRoute) -> str:
    return "/".join(str(UNKNOWN) if step.startswith("{") else step for step in route.path.split("/"))


async def test_every_position_passes_the_door_exactly_where_the_manual_lets_it(front: Front) -> None:
    people = _people(front)
    routes = [one for one in front.table.routes if one.permission is not None]
    came: Counter[str] = Counter()
    wrong = []
    for route in routes:
        for post, place, name in people:
            answer, told = await _call(front, route, name)
            came[told] += 1
            expected = "passed" if matrix.may(post, place, route.permission or "") else "action_not_permitted"
            if told != expected:
                wrong.append(f"{route.method} {route.path} as {name}: {told} {answer.text[:120]}")
    print(f"{len(routes)} routes × {len(people)} people: {dict(came)}")
    assert not wrong, "\n".join(wrong[:20])
    assert len(routes) >= ROUTE_FLOOR
    assert sum(came.values()) >= CALL_FLOOR


async def _call(front: Front, route: ForwardedRoute, name: str) -> tuple[httpx.Response, str]:
    """One request without an amount; `passed` where the service got it, as this person and for itself alone."""
    front.behind.seen.clear()
    headers = {"Authorization": f"Bearer {name}", "Idempotency-Key": '"k"', "If-Match": '"1"', **LIES}
    answer = await front.client.request(route.method, _path(route), headers=headers)
    if not front.behind.seen:
        return answer, str(answer.json()["code"])
    [seen] = front.behind.seen
    assert answer.status_code == 200
    token = (seen.header("Authorization") or "").removeprefix("Bearer ")
    said = jwt.decode(token, SIGNING, algorithms=[ALGORITHM]).claims
    known = front.register.people[name].actor
    assert (said["aud"], said["sub"]) == (route.service, str(known.person_id))
    assert all(one.startswith(f"{route.service}.") for one in said["permissions"])
    assert not [one for one in LIES if seen.header(one)]
    return answer, "passed"


DECIDES = {
    "complaint_compensation": ("complaint_officer", posts.BRANCH), "underwriting_limit": ("underwriter", posts.CENTRAL),
    "premium_refund": ("underwriter", posts.CENTRAL),
}  # fmt: skip
"""Who states such an amount; every other kind is stated by a claims approver, in a sub-branch too."""


async def test_an_amount_is_compared_at_the_door_on_every_route_that_states_one(front: Front) -> None:
    stated = [one for one in front.table.routes if one.amount is not None]
    assert stated
    for route in stated:
        assert route.amount is not None
        post, place = DECIDES.get(route.amount.kind, ("claims_approver", posts.SUB))
        low = actor(post, PATHS[place], limits=[(route.amount.kind, "accident", "5000.00")])
        token = front.register.knows("low", low)
        for amount, passes in (("5000.00", True), ("5000.01", False)):
            for kind, compared in (("decision", True), ("cosignature", True), ("opinion", False)):
                front.behind.seen.clear()
                body = {route.amount.pointer[2:]: amount, (route.amount.step or "#/kind")[2:]: kind}
                headers = {"Authorization": f"Bearer {token}", "Idempotency-Key": '"k"', "If-Match": '"1"'}
                answer = await front.client.request(route.method, _path(route), headers=headers, json=body)
                # a route without a step takes decisions alone
                expected = passes or not (compared or route.amount.step is None)
                assert bool(front.behind.seen) == expected, f"{route.path} {kind} {amount}: {answer.text}"
                assert expected or answer.json()["code"] == "authority_exceeded"
