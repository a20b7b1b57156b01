"""Granting, taking up, revoking: what a delegation allows, and every bound that it keeps."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import update

from gateway.delegation.tables import DelegationRow
from gateway.organisation.tables import Appointment
from shared.actor import machine
from shared.clock import legal_day, process_now
from shared.kernel import kernel
from tests.support.delegating import DECIDE, OPEN_CLAIMS, acting, days, grant, granted, revoke, switch
from tests.support.gateway import PASSWORD, GatewayUnderTest, SignedIn, codes

ENTRIES = kernel.tables["audit_entries"]


@pytest.fixture
async def holder(gateway: GatewayUnderTest) -> SignedIn:
    """The approver of a central branch: 100,000 yuan for liability, 50,000 for accident."""
    return await gateway.enter("claims_approver", "3201")


@pytest.fixture
async def deputy(gateway: GatewayUnderTest) -> SignedIn:
    """The head of the department of the neighbouring central branch."""
    return await gateway.enter("department_head", "3202")


async def _refused(gateway: GatewayUnderTest, answer: Any, status: int, code: str) -> dict[str, Any]:
    assert (answer.status_code, answer.json()["code"]) == (status, code), answer.text
    assert await gateway.rows(DelegationRow.__table__) == []
    return answer.json()


async def test_a_delegation_is_an_appointment_to_switch_to_with_the_lower_limit(
    gateway: GatewayUnderTest, holder: SignedIn, deputy: SignedIn
) -> None:
    made = await granted(gateway, holder, deputy)
    assert (made["status"], made["delegator"]["person_id"], made["limit"]) == ("active", holder.id, "20000.00")
    again = await gateway.enter_as(deputy.login)
    assert again.told["appointment"]["unit"]["code"] == "3202"
    [listed] = [one for one in again.told["appointments"] if one.get("acting")]
    assert (listed["delegation_id"], listed["position"]) == (made["id"], "claims_approver")
    assert listed["on_behalf_of"]["id"] == holder.id
    switched = await switch(gateway, again, delegation_id=made["id"])
    assert switched.json()["appointment"]["unit"]["path"] == "00.32.3201"
    assert (await gateway.get(again, "/v1/me")).status_code == 401
    token = switched.json()["access_token"]
    told = (await gateway.get(token, "/v1/me")).json()
    assert told["person"]["id"] == deputy.id
    assert told["appointment"]["on_behalf_of"]["id"] == holder.id
    business = {one for one in told["permissions"] if not one.startswith("organisation.")}
    assert business == {DECIDE, OPEN_CLAIMS}
    assert {one["limit"] for one in told["limits"]} == {"20000.00"}
    assert {one["kind"] for one in told["limits"]} == {"claim_payment"}
    back = await switch(gateway, SignedIn("", token, "", {}), appointment_id=again.told["appointment"]["id"])
    assert back.json()["appointment"]["unit"]["code"] == "3202"
    assert "acting" not in back.json()["appointment"]


async def test_without_a_limit_of_its_own_it_has_the_delegators_limits_of_the_kinds_delegated(
    gateway: GatewayUnderTest, holder: SignedIn, deputy: SignedIn
) -> None:
    made = await granted(gateway, holder, deputy, limit=None)
    token = (await acting(gateway, deputy, made["id"])).access_token
    limits = (await gateway.get(token, "/v1/me")).json()["limits"]
    assert {(one["kind"], one["line"], one["limit"]) for one in limits} == {
        ("claim_payment", "liability", "100000.00"), ("claim_payment", "accident", "50000.00"),
    }  # fmt: skip
    reading = await granted(gateway, holder, deputy, permissions=[OPEN_CLAIMS], limit=None)
    again = await gateway.enter_as(deputy.login)
    token = (await acting(gateway, again, reading["id"])).access_token
    assert (await gateway.get(token, "/v1/me")).json()["limits"] == []


@pytest.mark.parametrize(
    ("permission", "status", "code"),
    [
        ("policy.application.decide", 403, "permission_not_held"),
        ("organisation.delegation.grant", 422, "permission_not_delegable"),
        ("organisation.session.use", 422, "permission_not_delegable"),
        ("organisation.appointment.grant", 422, "permission_not_delegable"),
        ("claims.approval.undo", 422, "permission_not_delegable"),
    ],
)
async def test_only_business_permissions_that_the_holder_has_are_delegated(
    gateway: GatewayUnderTest, holder: SignedIn, deputy: SignedIn, permission: str, status: int, code: str
) -> None:
    answer = await grant(gateway, holder, deputy, permissions=[OPEN_CLAIMS, permission])
    told = await _refused(gateway, answer, status, code)
    if status == 422:
        assert told["errors"][0]["pointer"] == "#/permissions/1"
    else:
        assert told["permissions"] == [permission]


async def test_the_limit_is_at_most_the_holders_own(
    gateway: GatewayUnderTest, holder: SignedIn, deputy: SignedIn
) -> None:
    told = await _refused(gateway, await grant(gateway, holder, deputy, limit="100000.01"), 403, "limit_above_own")
    assert (told["limit"], told["amount"]) == ("100000.00", "100000.01")
    assert (await grant(gateway, holder, deputy, limit="100000.00")).status_code == 201


@pytest.mark.parametrize(
    ("position", "unit", "reason"),
    [("claims_approver", "320102", "lower_level"), ("claims_approver", "00", "other_branch")],
)
async def test_the_delegate_works_at_the_same_or_a_higher_level_of_the_same_branch(
    gateway: GatewayUnderTest, holder: SignedIn, position: str, unit: str, reason: str
) -> None:
    other = await gateway.enter(position, unit)
    told = await _refused(gateway, await grant(gateway, holder, other), 422, "delegate_unsuitable")
    assert told["reason"] == reason
    above = await gateway.enter("claims_approver", "32")
    assert (await grant(gateway, holder, above)).status_code == 201


async def test_nobody_delegates_to_himself_or_into_a_forbidden_pair(
    gateway: GatewayUnderTest, holder: SignedIn
) -> None:
    await _refused(gateway, await grant(gateway, holder, holder), 403, "separation_of_duties")
    surveyor = await gateway.enter("surveyor", "3201")
    told = await _refused(gateway, await grant(gateway, holder, surveyor), 409, "incompatible_positions")
    assert (told["held"], told["position"]) == ("surveyor", "claims_approver")


@pytest.mark.parametrize(
    ("period", "code"),
    [(days(-1, 3), "delegation_period"), (days(2, 2), "period_reversed"), (days(3, 1), "period_reversed")],
)
async def test_the_period_begins_today_or_later_and_has_a_day(
    gateway: GatewayUnderTest, holder: SignedIn, deputy: SignedIn, period: dict[str, str], code: str
) -> None:
    await _refused(gateway, await grant(gateway, holder, deputy, **period), 422, code)


async def test_the_period_lies_within_the_delegators_appointment_and_ends_with_it(
    gateway: GatewayUnderTest, holder: SignedIn, deputy: SignedIn
) -> None:
    made = await granted(gateway, holder, deputy)
    token = (await acting(gateway, deputy, made["id"])).access_token
    admin = await gateway.enter("security_admin", "32")
    person = (await gateway.get(admin, f"/v1/people/{holder.id}")).json()
    path = f"/v1/people/{holder.id}/appointments/{person['appointments'][0]['id']}"
    assert (await gateway.get(token, "/v1/me")).status_code == 200
    assert (await gateway.call(admin, "DELETE", path, version=person["version"])).status_code == 200
    assert (await gateway.get(token, "/v1/me")).json()["code"] == "token_invalid"
    body = {"refresh_token": deputy.refresh_token}
    renewed = (await gateway.client.post("/v1/session/refresh", json=body)).json()
    told = (await gateway.get(renewed["access_token"], "/v1/me")).json()
    assert told["appointment"]["unit"]["code"] == "3202"
    assert "acting" not in told["appointment"]


async def test_what_was_delegated_is_not_delegated_again(
    gateway: GatewayUnderTest, holder: SignedIn, deputy: SignedIn
) -> None:
    made = await granted(gateway, holder, deputy)
    third = await gateway.enter("claims_approver", "32")
    under = await acting(gateway, deputy, made["id"])
    answer = await grant(gateway, under, third)
    assert (answer.status_code, answer.json()["code"]) == (403, "action_not_permitted")
    assert len(await gateway.rows(DelegationRow.__table__)) == 1


async def test_only_the_delegate_takes_it_up_and_only_in_its_time(
    gateway: GatewayUnderTest, holder: SignedIn, deputy: SignedIn
) -> None:
    later = await granted(gateway, holder, deputy, **days(1, 3))
    assert later["status"] == "planned"
    for who, code in ((deputy, later["id"]), (holder, later["id"])):
        answer = await switch(gateway, who, delegation_id=code)
        assert (answer.status_code, answer.json()["code"]) == (422, "reference_not_found")
        assert answer.json()["errors"][0]["pointer"] == "#/delegation_id"
    made = await granted(gateway, holder, deputy)
    other = await gateway.enter("claims_approver", "32")
    assert (await switch(gateway, other, delegation_id=made["id"])).status_code == 422


@pytest.mark.parametrize("who", ["holder", "deputy", "admin"])
async def test_whoever_may_revokes_and_the_next_request_is_judged_without_it(
    gateway: GatewayUnderTest, holder: SignedIn, deputy: SignedIn, who: str
) -> None:
    made = await granted(gateway, holder, deputy)
    admin = await gateway.enter("security_admin", "32")
    token = (await acting(gateway, deputy, made["id"])).access_token
    assert (await gateway.get(token, "/v1/me")).status_code == 200
    revoking = {"holder": holder, "deputy": await gateway.enter_as(deputy.login), "admin": admin}[who]
    ended = await revoke(gateway, revoking, made)
    assert (ended.status_code, ended.json()["status"]) == (200, "revoked")
    assert (await gateway.get(token, "/v1/me")).json()["code"] == "token_invalid"
    again = await revoke(gateway, revoking, ended.json())
    assert (again.status_code, again.json()["code"]) == (409, "delegation_ended")
    fresh = await gateway.enter_as(deputy.login)
    assert not [one for one in fresh.told["appointments"] if one.get("acting")]


async def test_a_stranger_neither_sees_nor_revokes_it_and_a_colleague_in_scope_sees_it_only(
    gateway: GatewayUnderTest, holder: SignedIn, deputy: SignedIn
) -> None:
    made = await granted(gateway, holder, deputy)
    stranger = await gateway.enter("claims_approver", "320205")
    path = f"/v1/delegations/{made['id']}"
    assert (await gateway.get(stranger, path)).status_code == 404
    assert (await revoke(gateway, stranger, made)).status_code == 404
    assert (await gateway.get(stranger, "/v1/delegations")).json()["items"] == []
    head = await gateway.enter("department_head", "32")
    shown = await gateway.get(head, path)
    [revoking] = shown.json()["available_actions"]
    assert (shown.status_code, revoking["allowed"], revoking["reason"]["code"]) == (
        200, False, "action_not_permitted",
    )  # fmt: skip
    refused = await revoke(gateway, head, made)
    assert (refused.status_code, refused.json()["code"]) == (403, "action_not_permitted")
    for who in (holder, deputy, head):
        [item] = (await gateway.get(who, "/v1/delegations?status=active")).json()["items"]
        assert (item["id"], "available_actions" in item) == (made["id"], False)
    assert (await gateway.get(head, "/v1/delegations?status=revoked")).json()["items"] == []
    assert (await gateway.get(head, "/v1/delegations?status=x")).json()["code"] == "invalid_parameter"


async def test_the_security_administrator_grants_for_somebody_who_cannot_and_never_to_himself(
    gateway: GatewayUnderTest, holder: SignedIn, deputy: SignedIn
) -> None:
    admin = await gateway.enter("security_admin", "32")
    appointment = holder.told["appointment"]["id"]
    plain = await grant(gateway, admin, deputy)
    await _refused(gateway, plain, 422, "permission_not_delegable")
    own = await grant(gateway, admin, admin, appointment_id=appointment)
    await _refused(gateway, own, 403, "separation_of_duties")
    other = await grant(gateway, deputy, holder, appointment_id=appointment)
    await _refused(gateway, other, 422, "reference_not_found")
    made = await granted(gateway, admin, deputy, appointment_id=appointment)
    assert (made["delegator"]["person_id"], made["granted_by"]) == (holder.id, admin.id)


async def test_granting_wants_the_password_again(gateway: GatewayUnderTest, holder: SignedIn, deputy: SignedIn) -> None:
    from gateway.identity.tables import Session

    async with gateway.db.transaction(machine("gateway")) as tx:
        await tx.execute(update(Session).values(authenticated_at=process_now().replace(year=2026, month=1)))
    body = {"refresh_token": holder.refresh_token}
    token = (await gateway.client.post("/v1/session/refresh", json=body)).json()["access_token"]
    stale = SignedIn(holder.login, token, "", holder.told)
    answer = await grant(gateway, stale, deputy)
    assert (answer.status_code, answer.json()["code"]) == (401, "step_up_required")
    fresh = await gateway.post(stale, "/v1/session/step-ups", {"password": PASSWORD})
    stale.access_token = fresh.json()["access_token"]
    assert (await grant(gateway, stale, deputy)).status_code == 201


async def test_a_position_that_the_delegate_gets_later_is_weighed_at_the_next_use(
    gateway: GatewayUnderTest, holder: SignedIn, deputy: SignedIn
) -> None:
    made = await granted(gateway, holder, deputy)
    token = (await acting(gateway, deputy, made["id"])).access_token
    admin = await gateway.enter("security_admin", "32")
    version = (await gateway.get(admin, f"/v1/people/{deputy.id}")).json()["version"]
    body = {"position": "surveyor", "unit_code": "3202", "from": str(legal_day(process_now()))}
    given = await gateway.post(admin, f"/v1/people/{deputy.id}/appointments", body, version=version)
    assert given.status_code == 201, given.text
    assert (await gateway.get(token, "/v1/me")).status_code == 401
    again = await gateway.enter_as(deputy.login)
    assert (await switch(gateway, again, delegation_id=made["id"])).json()["code"] == "reference_not_found"


async def test_every_act_around_it_is_in_the_audit_trail_and_the_history(
    gateway: GatewayUnderTest, holder: SignedIn, deputy: SignedIn
) -> None:
    made = await granted(gateway, holder, deputy)
    under = await acting(gateway, deputy, made["id"])
    await grant(gateway, under, holder)
    await revoke(gateway, holder, made)
    done = await gateway.rows(ENTRIES, ENTRIES.c.object_id == made["id"])
    assert [(one["action"], one["outcome"]) for one in sorted(done, key=lambda one: one["n"])] == [
        ("grant", "done"), ("revoke", "done"),
    ]  # fmt: skip
    refused = await gateway.rows(ENTRIES, ENTRIES.c.outcome == "refused")
    assert [one["action"] for one in refused] == ["POST /v1/delegations"]
    assert f'"on_behalf_of":"{holder.id}"' in refused[0]["entry"]
    assert f'"delegation_id":"{made["id"]}"' in refused[0]["entry"]
    past = (await gateway.get(holder, f"/v1/delegations/{made['id']}/history")).json()["items"]
    assert [one["action"] for one in past] == ["grant", "revoke"]


async def test_bad_bodies_are_refused_with_their_places(
    gateway: GatewayUnderTest, holder: SignedIn, deputy: SignedIn
) -> None:
    answer = await grant(gateway, holder, deputy, permissions=[], limit="1")
    assert answer.status_code == 422
    assert {one["pointer"] for one in answer.json()["errors"]} == {"#/permissions", "#/limit"}
    assert codes(answer.json()["errors"])
    unknown = await grant(gateway, holder, deputy, to_person_id="0193b0c4-0000-7000-8000-000000000000")
    assert unknown.json()["errors"][0]["pointer"] == "#/to_person_id"
    assert await gateway.rows(Appointment.__table__, Appointment.person_id == holder.id)
