"""What a proposed table would change and for whom, and which version of tables and rule sets counts on which day."""

from __future__ import annotations

import copy
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import update
from sqlalchemy.exc import DBAPIError, IntegrityError

from gateway.authority.tables import AuthorityTableRow, RuleSetRow
from gateway.organisation.tables import Appointment
from shared.actor import machine
from shared.clock import legal_day, process_now
from shared.kernel import kernel
from tests.support.gateway import GatewayUnderTest, SignedIn

OUTBOX = kernel.tables["outbox"]
TODAY = legal_day(process_now())
TOMORROW = (TODAY + timedelta(days=1)).isoformat()
DRY = {"dry_run": "true"}


async def _body(
    gateway: GatewayUnderTest, version: str = "2027-1", first: str = TOMORROW, **cut: str
) -> dict[str, Any]:
    """The seed with the sub-branches' limit for liability claims (or `cut`) changed."""
    entries = copy.deepcopy((await gateway.rows(AuthorityTableRow.__table__))[0]["entries"])
    where = {"kind": "claim_payment", "line": "liability", "level": "sub_branch"}
    row = next(one for one in entries if all(one[name] == value for name, value in where.items()))
    row["limit"] = cut.get("limit", "8000.00")
    return {"version": version, "effective_from": first, "entries": entries}


async def _published(gateway: GatewayUnderTest, body: dict[str, Any]) -> dict[str, Any]:
    one, other = await gateway.enter("rules_manager", "32"), await gateway.enter("rules_manager", "00")
    table = (await gateway.post(one, "/v1/authority-tables", body)).json()
    answer = await gateway.post(other, f"/v1/authority-tables/{table['id']}/publications", {}, version=1)
    assert answer.status_code == 201, answer.text
    return table


async def test_a_dry_run_shows_what_would_change_and_keeps_nothing(gateway: GatewayUnderTest) -> None:
    who = await gateway.enter("rules_manager", "32")
    answer = await gateway.post(who, "/v1/authority-tables", await _body(gateway), params=DRY)
    assert answer.status_code in (200, 201), answer.text
    preview = answer.json()["preview"]
    assert preview["against"] == "2026-1"
    [line] = preview["changes"]
    assert (line["before"]["limit"], line["after"]["limit"], line["effect"]) == ("10000.00", "8000.00", "loses")
    [touched] = preview["affected"]
    assert (touched["position"], touched["gains"], touched["loses"]) == (
        "claims_approver", [], ["claim_payment.liability"],
    )  # fmt: skip
    held = [
        one for one in await gateway.rows(Appointment.__table__, Appointment.position == "claims_approver")
        if one["org_path"].count(".") == 3
    ]  # fmt: skip
    assert touched["holder_count"] == len({one["person_id"] for one in held}) > 0
    assert touched["unit_count"] >= 3
    assert {"320102", "320104"} <= set(touched["unit_codes"])
    assert len(await gateway.rows(AuthorityTableRow.__table__)) == 1


async def test_a_proposed_table_is_read_with_its_changes_and_a_new_line_has_none_before(
    gateway: GatewayUnderTest,
) -> None:
    who = await gateway.enter("rules_manager", "32")
    body = await _body(gateway)
    asked = {"above": "50000.00", "n": 2, "of": ["claims_approver", "department_head"]}
    at = next(
        n for n, one in enumerate(body["entries"])
        if (one["kind"], one["line"], one["level"], one["unit_kind"])
        == ("claim_payment", "liability", "central_branch", "standard")
    )  # fmt: skip
    second = {**body["entries"][at], "position": "department_head"}
    body["entries"][at] = {**body["entries"][at], "cosign": asked}
    body["entries"].append(second)
    refused = await gateway.post(who, "/v1/authority-tables", body)
    assert refused.json()["errors"][0]["code"] == "position_without_permission", refused.text
    body = await _body(gateway)
    branch = next(one for one in body["entries"] if one.get("cosign") and one["line"] == "accident")
    branch["cosign"]["above"] = "200000.00"
    table = (await gateway.post(who, "/v1/authority-tables", body)).json()
    read = (await gateway.get(who, f"/v1/authority-tables/{table['id']}")).json()
    assert read["preview"] == table["preview"]
    effects = {(one["line"], one["level"]): one["effect"] for one in read["preview"]["changes"]}
    assert effects == {("liability", "sub_branch"): "loses", ("accident", "branch"): "loses"}


async def test_versions_are_found_by_day_and_by_standing(gateway: GatewayUnderTest) -> None:
    who = await gateway.enter("auditor", "00")
    await _published(gateway, await _body(gateway))
    proposer = await gateway.enter("rules_manager", "32")
    later = (TODAY + timedelta(days=40)).isoformat()
    await gateway.post(proposer, "/v1/authority-tables", await _body(gateway, "2027-9", later))

    async def versions(query: str) -> list[str]:
        answer = await gateway.get(who, f"/v1/authority-tables?{query}")
        assert answer.status_code == 200, answer.text
        return [one["table_version"] for one in answer.json()["items"]]

    assert await versions("status=in_force") == ["2026-1"]
    assert await versions("status=published") == ["2027-1"]
    assert await versions("status=proposed") == ["2027-9"]
    assert await versions("status=superseded") == []
    assert await versions(f"on={TODAY.isoformat()}") == ["2026-1"]
    assert await versions(f"on={TOMORROW}") == await versions(f"on={later}") == ["2027-1"]
    assert await versions("on=1999-01-01") == []
    assert await versions(f"proposed_by={proposer.id}") == ["2027-9", "2027-1"]
    for wrong in ("status=gone", "on=yesterday"):
        assert (await gateway.get(who, f"/v1/authority-tables?{wrong}")).json()["code"] == "invalid_parameter"


async def test_the_database_keeps_a_published_table_as_it_is_and_two_persons_apart(gateway: GatewayUnderTest) -> None:
    row = AuthorityTableRow.__table__
    someone = (await gateway.enter("rules_manager", "32")).id
    for changed, fault in (
        ({"effective_from": TODAY}, DBAPIError),
        ({"entries": []}, DBAPIError),
        ({"published": False}, DBAPIError),
        ({"proposed_by": someone, "published_by": someone}, IntegrityError),
    ):
        with pytest.raises(fault):
            async with gateway.db.transaction(machine("gateway")) as tx:
                await tx.execute(update(row).values(**changed))


KINDS = ("deadlines", "thresholds", "sampling", "sla", "message_templates", "letter_templates", "approval_triggers",
         "document_checklists", "questionnaires", "products", "intake", "registration", "consent", "retention",
         "second_look", "service_times", "side_decisions", "claim_statistics", "complaint_statistics", "causes",
         "reply_quality", "watch")  # fmt: skip


@pytest.mark.parametrize("kind", KINDS)
async def test_every_kind_is_published_for_a_later_day_and_told_to_the_services(
    gateway: GatewayUnderTest, kind: str
) -> None:
    who, below = await gateway.enter("rules_manager", "00"), await gateway.enter("department_head", "3201")
    seeds = await gateway.rows(RuleSetRow.__table__, RuleSetRow.kind == kind)
    content = max(seeds, key=lambda one: one["effective_from"])["content"]
    body = {"effective_from": TOMORROW, "content": content}
    lower = await gateway.post(below, f"/v1/rule-sets/{kind}", body)
    assert (lower.status_code, lower.json()["code"]) == (403, "action_not_permitted")
    wrong = await gateway.post(who, f"/v1/rule-sets/{kind}", body | {"content": content | {"extra": 1}})
    assert (wrong.status_code, wrong.json()["errors"][0]["pointer"]) == (422, "#/content/extra")
    subject = "organisation.rule_set.published.v1"
    told = await gateway.rows(OUTBOX, OUTBOX.c.subject == subject)
    assert not [one for one in told if "extra" in one["event"]["data"]["content"]], "it reached the services"
    assert not [one for one in told if one["event"]["data"]["effective_from"] == TOMORROW]
    done = await gateway.post(who, f"/v1/rule-sets/{kind}", body)
    assert done.status_code == 201, done.text
    events = await gateway.rows(OUTBOX, OUTBOX.c.record_id == done.json()["id"])
    assert [(one["subject"], one["event"]["data"]["name"]) for one in events] == [
        ("organisation.rule_set.published.v1", kind)
    ]
    again = await gateway.post(who, f"/v1/rule-sets/{kind}", body)
    assert (again.status_code, again.json()["code"]) == (422, "effective_from_not_later")
    listed = (await gateway.get(below, f"/v1/rule-sets/{kind}?status=in_force")).json()["items"]
    assert [one["rule_version"] for one in listed] == [max(one["rule_version"] for one in seeds)]
    dated = (await gateway.get(below, f"/v1/rule-sets/{kind}?on={TOMORROW}")).json()["items"]
    assert [one["rule_version"] for one in dated] == [done.json()["rule_version"]]


async def test_a_kind_without_a_seed_begins_with_its_first_version(gateway: GatewayUnderTest) -> None:
    who = await gateway.enter("rules_manager", "00")
    empty = await gateway.get(who, "/v1/rule-sets/compensation_figures")
    assert (empty.status_code, empty.json()["items"]) == (200, [])
    figures = {
        "yearly_income": "60178.00", "monthly_wage": "9000.00", "funeral_months": 6, "grade_shares": {"1": "1.00"},
        "years": {"full_years": 20, "reduced_from_age": 60, "floor_from_age": 75, "floor_years": 5},
    }  # fmt: skip
    body = {"effective_from": TOMORROW, "content": {"provinces": {"32": figures}}}
    done = await gateway.post(who, "/v1/rule-sets/compensation_figures", body)
    assert (done.status_code, done.json()["status"]) == (201, "published"), done.text


async def test_the_messages_in_force_are_read_by_whoever_works_with_customers(gateway: GatewayUnderTest) -> None:
    told = (await gateway.get(await gateway.enter("service_agent", "320102"), "/v1/message-templates")).json()
    assert (told["kind"], told["status"]) == ("message_templates", "in_force")
    assert "{claim_no}" in told["content"]["claims"]["guide"]["sms"]["text"]


EXPLAIN = "/v1/authority/explain?kind={kind}&line=liability&amount={amount}&org_path=00.32.3201.320102{more}"


async def _explained(
    gateway: GatewayUnderTest, who: SignedIn, amount: str, more: str = "", kind: str = "claim_payment"
) -> dict[str, Any]:
    answer = await gateway.get(who, EXPLAIN.format(kind=kind, amount=amount, more=more))
    assert answer.status_code == 200, answer.text
    return answer.json()


async def test_the_explanation_names_the_triggers_and_the_co_signature(gateway: GatewayUnderTest) -> None:
    who = await gateway.enter("claims_approver", "320102")
    told = await _explained(gateway, who, "800.00")
    assert [one["unit"]["code"] for one in told["steps"]] == ["320102"]
    lifts = {one["trigger"]: (one["counted"], one["unit_code"]) for one in told["triggers"]}
    assert lifts["refusal"] == (False, "32")
    assert lifts["staff_or_relatives"] == (False, "3201")
    assert len(lifts) == 10
    refusal = await _explained(gateway, who, "800.00", "&trigger=refusal&trigger=staff_or_relatives")
    assert [one["unit"]["code"] for one in refusal["steps"]] == ["320102", "3201", "32", "00"]
    assert refusal["caller"]["opinion"]["allowed"]
    assert refusal["caller"]["decision"]["reason"]["code"] == "below_required_level"
    side = await _explained(gateway, who, "1.00", kind="advance")
    assert [one["trigger"] for one in side["triggers"] if one["counted"]] == ["advance"]
    asked = (await _explained(gateway, who, "400000.00"))["steps"][-1]["cosign"]
    assert asked == {"above": "300000.00", "n": 2, "of": ["claims_approver", "department_head"], "asked": True}
    calm = (await _explained(gateway, who, "200000.00"))["steps"][-1]["cosign"]
    assert calm["asked"] is False
    refund = await _explained(gateway, who, "1.00", kind="premium_refund")
    assert refund["triggers"] == []
    unknown = await gateway.get(who, EXPLAIN.format(kind="advance", amount="1.00", more="&trigger=rain"))
    assert (unknown.status_code, unknown.json()["code"]) == (422, "invalid_parameter")


@pytest.mark.parametrize(("limit", "amount", "acts"), [("9000.00", "9000.00", True), ("9000.00", "9000.01", False)])
async def test_a_delegate_is_among_the_holders_as_far_as_the_delegation_reaches(
    gateway: GatewayUnderTest, limit: str, amount: str, acts: bool
) -> None:
    holder, deputy = await gateway.enter("claims_approver", "320102"), await gateway.enter("claims_approver", "3201")
    body = {
        "to_person_id": deputy.id, "permissions": ["claims.approval.decide", "organisation.authority.explain"],
        "limit": limit,
        "from": TODAY.isoformat(), "to": (TODAY + timedelta(days=7)).isoformat(), "reason": "annual leave",
    }  # fmt: skip
    granted = await gateway.post(holder, "/v1/delegations", body)
    assert granted.status_code == 201, granted.text
    step = (await _explained(gateway, holder, amount))["steps"][0]
    found = [one for one in step["holders"] if one.get("acting_for")]
    assert [one["person_id"] for one in found] == ([deputy.id] if acts else [])
    if acts:
        assert found[0]["acting_for"]["person_id"] == holder.id
        assert found[0]["acting_for"]["delegation_id"] == granted.json()["id"]
    switched = await gateway.post(deputy, "/v1/session/appointment", {"delegation_id": granted.json()["id"]})
    assert switched.status_code in (200, 201), switched.text
    told = await gateway.get(
        switched.json()["access_token"], EXPLAIN.format(kind="claim_payment", amount=amount, more="")
    )
    decision = told.json()["caller"]["decision"]
    assert (decision["allowed"], (decision.get("reason") or {}).get("code")) == (
        (True, None) if acts else (False, "authority_exceeded")
    )
    other = await gateway.get(switched.json()["access_token"], EXPLAIN.format(kind="advance", amount="1.00", more=""))
    assert other.json()["caller"]["decision"]["reason"]["code"] == "action_not_permitted"
