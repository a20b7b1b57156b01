"""Two people in one second: what ends an authority against what rests on it, round after round.

In every round both requests start together, the second a little later each time, so that all orders come about. No
write may rest on an authority that ended more than five seconds before its commit, and each one's entry names it.
"""

from __future__ import annotations

import asyncio
import json
from collections import Counter
from datetime import datetime, timedelta
from typing import Any

import httpx
import pytest
from sqlalchemy import select

from shared.clock import legal_day, process_now
from shared.kernel import kernel
from tests.support.calculations import L1_FACTS
from tests.support.claim_life import report
from tests.support.delegating import acting, granted, revoke
from tests.support.gateway import SignedIn
from tests.support.journeys import PUBLIC, ClaimStory, reported, sold
from tests.support.system import System

ENTRIES = kernel.tables["audit_entries"]
AFTER_THE_END = timedelta(seconds=5)
ROUNDS = [pytest.param(20, id="quick"), pytest.param(500, id="whole", marks=[pytest.mark.soak, pytest.mark.timeout(0)])]


async def _entry(system: System, service: str, action: str, request_id: str) -> dict[str, Any] | None:
    """The one entry of what this request did, with the time of its transaction; None where it did nothing."""
    wanted = select(ENTRIES).where(ENTRIES.c.request_id == request_id, ENTRIES.c.action == action)
    rows = await system.rows(service, wanted.where(ENTRIES.c.outcome == "done"))
    assert len(rows) <= 1
    return None if not rows else json.loads(rows[0]["entry"]) | {"moment": rows[0]["at"]}


async def _together(first: Any, second: Any, number: int) -> tuple[httpx.Response, httpx.Response]:
    """Both requests at once; the lag goes from the one far ahead to the other far ahead and back."""
    lag = ((number % 11) - 5) * 0.004

    async def late(work: Any, seconds: float) -> httpx.Response:
        await asyncio.sleep(max(0.0, seconds))
        return await work

    return await asyncio.gather(late(first, lag), late(second, -lag))


async def _judge(
    system: System, ended: httpx.Response, used: httpx.Response, ending: str, using: str, named: dict[str, str]
) -> str:
    """What came of the round: the authority has ended; the write stands in time and names its authority, or there is
    none."""
    assert ended.status_code == 200, ended.text
    end = await _entry(system, "gateway", ending, ended.headers["x-request-id"])
    write = await _entry(system, "claims", using, used.headers["x-request-id"])
    assert end is not None
    assert (used.status_code == 201) == (write is not None), used.text
    if write is None:
        assert used.status_code == 401, used.text
        return "refused"
    moment: datetime = write["moment"]
    assert moment <= end["moment"] + AFTER_THE_END
    assert {name: write[name] for name in named} == named
    assert write["table_version"] == "2026-1"
    return "before" if moment <= end["moment"] else "within the leeway"


@pytest.mark.abuse("B20")
@pytest.mark.parametrize("rounds", ROUNDS)
async def test_revocation_against_use(system: System, rounds: int) -> None:
    delegator = await system.gateway.enter("department_head", "3201")
    deputy = (await system.enter("department_head", "3202")).login
    surveyor = await system.enter("surveyor", "3201")
    story = await reported(system, "3201", report(unit_code=None))
    came: Counter[str] = Counter()
    for number in range(rounds):
        fresh = await system.gateway.enter_as(deputy)
        permissions = ["claims.survey.dispatch", "claims.claim.read"]
        made = await granted(system.gateway, delegator, fresh, permissions=permissions, limit=None)
        under = await acting(system.gateway, fresh, made["id"])
        version = (await story.read())["version"]
        body = {"surveyor_person_id": surveyor.id}
        use = system.gateway.post(under, f"{story.path}/dispatches", body, version=version)
        ended, used = await _together(revoke(system.gateway, delegator, made), use, number)
        named = {"delegation_id": made["id"], "on_behalf_of": delegator.id, "person_id": fresh.id}
        came[await _judge(system, ended, used, "revoke", "dispatch", named)] += 1
        assert (await system.gateway.get(under, "/v1/me")).status_code == 401
        delegator = await _renewed(system, delegator)
    print(f"revocation against use: {dict(came)}")
    assert sum(came.values()) == rounds


@pytest.mark.abuse("B22")
@pytest.mark.parametrize("rounds", ROUNDS)
async def test_transfer_against_approval(system: System, rounds: int) -> None:
    admin = await system.gateway.enter("security_admin", "32")
    policy = await sold(system, PUBLIC)
    told = report(policy_no=policy["policy_no"], unit_code=None, injured=[{"name": "欧阳岚"}], injured_count=2)
    story = await reported(system, "320102", told)
    sheet = await story.up_to_sheet(L1_FACTS, "300000.00")
    approver = (await system.enter("claims_approver", "320102")).login
    came: Counter[str] = Counter()
    for number in range(rounds):
        who = await system.gateway.enter_as(approver)
        appointment = who.told["appointment"]["id"]
        version = (await story.read())["version"]
        body = story.step_on(sheet, "opinion", "return", reason_code="facts_unclear", reason="补充材料")
        use = system.gateway.post(who, f"{story.path}/approvals", body, version=version)
        ended, used = await _together(_transfer(system, admin, who, appointment), use, number)
        named = {"appointment_id": appointment, "person_id": who.id}
        came[await _judge(system, ended, used, "end_appointment", "opinion_return", named)] += 1
        assert (await system.gateway.get(who, "/v1/me")).status_code == 401
        admin = await _renewed(system, admin)
        await _back(system, admin, who)
        sheet = await _put_again(story, sheet, used)
    print(f"transfer against approval: {dict(came)}")
    assert sum(came.values()) == rounds


async def _transfer(system: System, admin: SignedIn, who: SignedIn, appointment_id: str) -> httpx.Response:
    version = (await system.gateway.get(admin, f"/v1/people/{who.id}")).json()["version"]
    path = f"/v1/people/{who.id}/appointments/{appointment_id}"
    return await system.gateway.call(admin, "DELETE", path, version=version)


async def _back(system: System, admin: SignedIn, who: SignedIn) -> None:
    version = (await system.gateway.get(admin, f"/v1/people/{who.id}")).json()["version"]
    body = {"position": "claims_approver", "unit_code": "320102", "from": str(legal_day(process_now()))}
    given = await system.gateway.post(admin, f"/v1/people/{who.id}/appointments", body, version=version)
    assert given.status_code == 201, given.text


async def _put_again(story: ClaimStory, sheet: dict[str, Any], used: httpx.Response) -> dict[str, Any]:
    """A returned claim gets its next sheet."""
    return sheet if used.status_code != 201 else await story.done("adjuster", "calculation-sheets", {})


async def _renewed(system: System, who: SignedIn) -> SignedIn:
    """The same person with a new sign-in, and so for all others: rounds outlast a token's five minutes."""
    system.forget_sign_ins()
    return await system.gateway.enter_as(who.login)
