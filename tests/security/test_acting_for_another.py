"""Abuse of delegations and of what is left of a leaver's token: refused, unchanged, and written down once."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import httpx
import pytest
from sqlalchemy import select

from gateway.identity.statements import internal_token
from services.claims.approval.tables import ApprovalStep
from services.claims.claim.tables import Claim
from shared import clock
from shared.clock import at_midnight, legal_day, process_now
from shared.kernel import kernel
from tests.support.calculations import L1_FACTS
from tests.support.claim_life import report
from tests.support.delegating import acting, granted, revoke, switch
from tests.support.gateway import SIGNING, SignedIn
from tests.support.journeys import PUBLIC, ClaimStory, reported, sold
from tests.support.system import System

ENTRIES, OUTBOX = kernel.tables["audit_entries"], kernel.tables["outbox"]
DISPATCH, READ = "claims.survey.dispatch", "claims.claim.read"


@contextmanager
def moved_clock(folder: Path, monkeypatch: pytest.MonkeyPatch, seconds: float) -> Iterator[Path]:
    """Every process of this test sees a time so many seconds later."""
    file = folder / "clock"
    file.write_text(str(seconds), encoding="ascii")
    with monkeypatch.context() as patch:
        patch.setenv("ANLAN_CLOCK_FILE", str(file))
        yield file


async def _claim(system: System, unit: str = "3201") -> ClaimStory:
    return await reported(system, unit, report(unit_code=None))


async def _left(system: System, claim_id: str) -> tuple[Any, ...]:
    """Everything that a refused write must leave as it is."""
    [claim] = await system.rows("claims", select(Claim.__table__).where(Claim.id == claim_id))
    events = await system.rows("claims", select(OUTBOX.c.id))
    return claim["version"], claim["status"], len(events)


async def _refusals(system: System, service: str) -> list[Any]:
    # not by time: one story moves the clock, and its entries stay
    wanted = select(ENTRIES).where(ENTRIES.c.outcome == "refused")
    return await system.rows(service, wanted.order_by(ENTRIES.c.chain, ENTRIES.c.n))


async def _dispatch(system: System, who: SignedIn, story: ClaimStory) -> httpx.Response:
    surveyor = await story.person("surveyor@3201")
    version = (await story.read("adjuster"))["version"]
    body = {"surveyor_person_id": surveyor.id}
    return await system.gateway.post(who, f"{story.path}/dispatches", body, version=version)


async def _under(system: System, delegator: SignedIn, delegate: str, **changes: Any) -> tuple[SignedIn, dict[str, Any]]:
    """A delegation of dispatching, taken up by a sign-in of its own."""
    fresh = await system.gateway.enter_as(delegate)
    made = await granted(
        system.gateway, delegator, fresh, **({"permissions": [DISPATCH, READ], "limit": None} | changes)
    )
    return await acting(system.gateway, fresh, made["id"]), made


@pytest.mark.abuse("B20")
async def test_the_delegate_acts_until_the_last_second_and_not_in_the_next(
    system: System, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    delegator = await system.gateway.enter("department_head", "3201")
    deputy = (await system.enter("department_head", "3202")).login
    story = await _claim(system)
    ends = at_midnight(legal_day(process_now()) + timedelta(days=1))
    to = {"from": str(legal_day(process_now())), "to": str(ends.date())}
    _, made = await _under(system, delegator, deputy, **to)
    before = (ends - process_now()).total_seconds()
    with moved_clock(tmp_path, monkeypatch, before - 30) as file:
        fresh = await system.gateway.enter_as(deputy)
        under = await acting(system.gateway, fresh, made["id"])
        system.forget_sign_ins()
        caller = await system.gateway.app.state.callers.caller_of(_asking(under))
        assert caller.actor.acting_until == ends
        done = await _dispatch(system, under, story)
        assert done.status_code == 201, done.text
        [entry] = await system.rows("claims", select(ENTRIES).where(ENTRIES.c.action == "dispatch"))
        assert f'"delegation_id":"{made["id"]}"' in entry["entry"]
        assert f'"on_behalf_of":"{delegator.id}"' in entry["entry"]
        unchanged = await _left(system, story.claim["id"])
        version, refused = unchanged[0], len(await _refusals(system, "claims"))
        file.write_text(str((ends - process_now() + clock.shift()).total_seconds() - 1), encoding="ascii")
        late = internal_token(caller.actor, "claims", money=False, key=SIGNING)
        file.write_text(str(float(file.read_text()) + 1.5), encoding="ascii")
        # straight at the service, with a token that was made before the end: its own transaction's clock decides
        url = f"{system.servers['claims'].url}{story.path}/dispatches"
        surveyor = await system.gateway.person("S0001")
        headers = {"Authorization": f"Bearer {late}", "Idempotency-Key": '"late"', "If-Match": f'"{version}"'}
        async with httpx.AsyncClient(trust_env=False) as client:
            answer = await client.post(url, json={"surveyor_person_id": str(surveyor["id"])}, headers=headers)
        assert (answer.status_code, answer.json()["code"]) == (401, "token_invalid")
        assert await _left(system, story.claim["id"]) == unchanged
        assert len(await _refusals(system, "claims")) == refused + 1
        assert (await system.gateway.get(under, "/v1/me")).status_code == 401
    system.forget_sign_ins()


def _asking(who: SignedIn) -> Any:
    from fastapi import Request

    headers = [(b"authorization", f"Bearer {who.access_token}".encode())]
    state = {"request_uuid": UUID("0193b0c4-0000-7000-8000-000000000000")}
    return Request({"type": "http", "headers": headers, "state": state, "client": ("127.0.0.1", 1)})


@pytest.mark.abuse("B20")
async def test_after_the_revocation_the_delegate_has_no_next_request(system: System) -> None:
    delegator = await system.gateway.enter("department_head", "3201")
    under, made = await _under(system, delegator, (await system.enter("department_head", "3202")).login)
    story = await _claim(system)
    assert (await _dispatch(system, under, story)).status_code == 201
    unchanged = await _left(system, story.claim["id"])
    assert (await revoke(system.gateway, delegator, made)).status_code == 200
    refused = await _dispatch(system, under, story)
    assert (refused.status_code, refused.json()["code"]) == (401, "token_invalid")
    assert await _left(system, story.claim["id"]) == unchanged
    assert (await switch(system.gateway, await system.gateway.enter_as(under.login), delegation_id=made["id"])).json()[
        "code"
    ] == "reference_not_found"


@pytest.mark.abuse("B20")
async def test_the_delegate_does_not_act_on_what_the_delegator_or_he_himself_made(system: System) -> None:
    mine, others = await _claim(system), await _claim(system, "3202")
    delegator = await system.gateway.enter("service_agent", "3201")
    deputy = await system.enter("service_agent", "3202")
    under, _ = await _under(system, delegator, deputy.login)
    unchanged, refusals = await _left(system, mine.claim["id"]), await _refusals(system, "claims")
    refused = await _dispatch(system, under, mine)
    assert (refused.status_code, refused.json()["code"]) == (403, "separation_of_duties")
    assert refused.json()["conflicting_duty"] == "maker"
    assert await _left(system, mine.claim["id"]) == unchanged
    [entry] = [one for one in await _refusals(system, "claims") if one not in refusals]
    assert f'"on_behalf_of":"{delegator.id}"' in entry["entry"]
    assert (await system.gateway.get(under, others.path)).status_code == 404
    head = await system.gateway.enter("department_head", "3201")
    other, _ = await _under(system, head, (await system.enter("department_head", "3202")).login)
    assert (await _dispatch(system, other, mine)).status_code == 201


@pytest.mark.abuse("B20")
async def test_the_amount_and_the_chain_are_kept_under_a_delegation(system: System) -> None:
    policy = await sold(system, PUBLIC)
    told = report(policy_no=policy["policy_no"], unit_code=None, injured=[{"name": "欧阳岚"}], injured_count=2)
    story = await reported(system, "320102", told)
    sheet = await story.up_to_sheet(L1_FACTS, "300000.00")
    branch = await system.gateway.enter("claims_approver", "32")
    central = await system.gateway.enter("claims_approver", "3201")
    fresh = await system.gateway.enter("department_head", "32")
    permissions = ["claims.approval.decide", READ]
    made = await granted(system.gateway, central, fresh, permissions=permissions, limit="20000.00")
    await story.done("claims_approver", "approvals", story.step_on(sheet, "opinion"))
    under = await acting(system.gateway, fresh, made["id"])
    unchanged = await _left(system, story.claim["id"])
    above = await _approve(system, under, story, story.step_on(sheet, "decision"))
    assert (above.status_code, above.json()["code"], above.json()["limit"]) == (403, "authority_exceeded", "20000.00")
    assert await _left(system, story.claim["id"]) == unchanged
    taken = await _approve(system, under, story, story.step_on(sheet, "opinion"))
    assert taken.status_code == 201, taken.text
    [step] = await system.rows("claims", select(ApprovalStep.__table__).where(ApprovalStep.delegation_id.is_not(None)))
    assert (str(step["person_id"]), str(step["on_behalf_of"])) == (fresh.id, central.id)
    assert (str(step["delegation_id"]), step["unit_code"]) == (made["id"], "3201")
    # the deputy's own department co-signs above, but his signature is on the chain already, and so is the delegator's
    own = SignedIn(fresh.login, (await switch(
        system.gateway, under, appointment_id=fresh.told["appointment"]["id"]
    )).json()["access_token"], "", fresh.told)  # fmt: skip
    again = await _approve(system, own, story, story.step_on(sheet, "cosignature"))
    assert again.status_code in (403, 409), again.text
    back = await granted(system.gateway, branch, await system.gateway.enter("department_head", "32"), limit=None)
    assert back["status"] == "active"


async def _approve(system: System, who: SignedIn, story: ClaimStory, body: dict[str, Any]) -> httpx.Response:
    version = (await story.read())["version"]
    return await system.gateway.post(who, f"{story.path}/approvals", body, version=version)


@pytest.mark.abuse("B22")
async def test_a_leavers_delegation_ends_with_him_on_either_side(system: System) -> None:
    admin = await system.gateway.enter("security_admin", "32")
    delegator = await system.gateway.enter("department_head", "3202")
    under, _ = await _under(system, delegator, (await system.enter("department_head", "3201")).login)
    assert (await system.gateway.get(under, "/v1/me")).status_code == 200
    version = (await system.gateway.get(admin, f"/v1/people/{delegator.id}")).json()["version"]
    path = f"/v1/people/{delegator.id}"
    left = await system.gateway.call(admin, "PATCH", path, {"active": False}, version=version)
    assert left.status_code == 200, left.text
    refused = await system.gateway.get(under, "/v1/me")
    assert (refused.status_code, refused.json()["code"]) == (401, "token_invalid")


@pytest.mark.abuse("B02")
async def test_one_person_has_one_account_and_signs_once_under_whatever_he_acts(system: System) -> None:
    admin = await system.gateway.enter("security_admin", "32")
    known = await system.gateway.person("S0013")
    twice = await system.gateway.post(admin, "/v1/people", {"staff_no": "S0013", "name": known["name"]})
    assert (twice.status_code, twice.json()["code"]) == (409, "staff_no_taken")
    policy = await sold(system, PUBLIC)
    told = report(policy_no=policy["policy_no"], unit_code=None, injured=[{"name": "司徒海"}], injured_count=2)
    story = await reported(system, "320102", told)
    sheet = await story.up_to_sheet(L1_FACTS, "300000.00")
    below, above = (
        await system.gateway.enter("claims_approver", "320102"),
        await system.enter("claims_approver", "3201"),
    )
    version = (await system.gateway.get(admin, f"/v1/people/{below.id}")).json()["version"]
    body = {"position": "claims_approver", "unit_code": "3201", "from": str(legal_day(process_now()))}
    given = await system.gateway.post(admin, f"/v1/people/{below.id}/appointments", body, version=version)
    assert given.status_code == 201, given.text
    first = await system.gateway.enter_as(below.login)
    assert (await _approve(system, first, story, story.step_on(sheet, "opinion"))).status_code == 201
    second = await switch(system.gateway, first, appointment_id=given.json()["id"])
    token = SignedIn(below.login, second.json()["access_token"], "", {})
    unchanged, refusals = await _left(system, story.claim["id"]), len(await _refusals(system, "claims"))
    refused = await _approve(system, token, story, story.step_on(sheet, "opinion"))
    assert (refused.status_code, refused.json()["code"]) == (403, "separation_of_duties")
    assert await _left(system, story.claim["id"]) == unchanged
    assert len(await _refusals(system, "claims")) == refusals + 1
    assert (await _approve(system, above, story, story.step_on(sheet, "opinion"))).status_code == 201
    system.forget_sign_ins()
