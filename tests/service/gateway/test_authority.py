"""Tables of limits, rule sets and explanations over HTTP."""

from __future__ import annotations

import asyncio
import copy
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from gateway.authority.tables import AuthorityTableRow, RuleSetRow
from shared.authority import KINDS, LEVELS, LINES, AuthorityTable, Unit, chain
from shared.clock import legal_day, process_now
from shared.kernel import kernel
from tests.support.gateway import GatewayUnderTest, SignedIn, codes

OUTBOX = kernel.tables["outbox"]
TOMORROW = (legal_day(process_now()) + timedelta(days=1)).isoformat()


async def _proposal(gateway: GatewayUnderTest, **changes: Any) -> dict[str, Any]:
    seeded = (await gateway.rows(AuthorityTableRow.__table__))[0]
    return {"version": "2027-1", "effective_from": TOMORROW, "entries": copy.deepcopy(seeded["entries"])} | changes


async def _proposed(gateway: GatewayUnderTest, who: SignedIn, **changes: Any) -> dict[str, Any]:
    answer = await gateway.post(who, "/v1/authority-tables", await _proposal(gateway, **changes))
    assert answer.status_code == 201, answer.text
    return answer.json()


async def test_a_table_is_proposed_by_one_and_published_by_another_and_told_to_all(gateway: GatewayUnderTest) -> None:
    one, other = await gateway.enter("rules_manager", "32"), await gateway.enter("rules_manager", "00")
    table = await _proposed(gateway, one)
    assert (table["status"], table["proposed_by"]) == ("proposed", one.id)
    path = f"/v1/authority-tables/{table['id']}/publications"
    own = await gateway.post(one, path, {}, version=1)
    assert (own.status_code, own.json()["code"]) == (403, "separation_of_duties")
    done = await gateway.post(other, path, {}, version=1)
    assert (done.status_code, done.json()["authority_table"]["status"]) == (201, "published")
    events = await gateway.rows(OUTBOX, OUTBOX.c.record_id == table["id"])
    assert [one["subject"] for one in events] == ["organisation.authority_table.published.v1"]
    assert events[0]["event"]["data"] == {
        "version": "2027-1", "effective_from": TOMORROW, "entries": table["entries"],
    }  # fmt: skip
    again = await gateway.post(other, path, {}, version=2)
    assert (again.status_code, again.json()["code"]) == (409, "state_conflict")
    listed = (await gateway.get(one, "/v1/authority-tables")).json()["items"]
    assert [(row["table_version"], row["status"]) for row in listed] == [
        ("2027-1", "published"), ("2026-1", "in_force"),
    ]  # fmt: skip


async def test_one_of_the_two_works_at_the_head_office(gateway: GatewayUnderTest) -> None:
    one, other = await gateway.enter("rules_manager", "32"), await gateway.enter("rules_manager", "32", 1)
    table = await _proposed(gateway, one)
    answer = await gateway.post(other, f"/v1/authority-tables/{table['id']}/publications", {}, version=1)
    assert (answer.status_code, answer.json()["code"]) == (403, "head_office_needed")
    read = (await gateway.get(other, f"/v1/authority-tables/{table['id']}")).json()
    assert read["available_actions"][0]["reason"]["code"] == "head_office_needed"
    assert read["entries"] == table["entries"]


def _row(entries: list[dict[str, Any]], **where: str) -> int:
    return next(n for n, row in enumerate(entries) if all(row[name] == value for name, value in where.items()))


async def test_a_faulty_table_is_refused_with_the_faulty_rows_named(gateway: GatewayUnderTest) -> None:
    who = await gateway.enter("rules_manager", "32")
    body = await _proposal(gateway)
    at = _row(body["entries"], kind="ex_gratia", line="liability", level="branch")
    central = _row(body["entries"], kind="claim_payment", line="accident", level="central_branch", unit_kind="standard")
    body["entries"][central]["limit"] = "600000.00"
    del body["entries"][at]
    answer = await gateway.post(who, "/v1/authority-tables", body)
    told = answer.json()
    assert (answer.status_code, told["code"]) == (422, "authority_table_invalid")
    found = {one["code"]: one for one in told["errors"]}
    assert found["missing"]["pointer"] == "#/entries"
    assert {name: found["missing"][name] for name in ("kind", "line", "level", "unit_kind")} == {
        "kind": "ex_gratia", "line": "liability", "level": "branch", "unit_kind": "standard",
    }  # fmt: skip
    fallen = _row(body["entries"], kind="claim_payment", line="accident", level="branch", position="claims_approver")
    assert found["limit_falls"]["pointer"] == f"#/entries/{fallen}"
    assert len(await gateway.rows(AuthorityTableRow.__table__)) == 1


async def test_a_table_begins_later_than_today_and_than_every_other(gateway: GatewayUnderTest) -> None:
    one, other = await gateway.enter("rules_manager", "32"), await gateway.enter("rules_manager", "00")
    today = legal_day(process_now()).isoformat()
    answer = await gateway.post(one, "/v1/authority-tables", await _proposal(gateway, effective_from=today))
    assert (answer.status_code, answer.json()["code"]) == (422, "effective_from_not_later")
    tables = [await _proposed(gateway, one, version=version) for version in ("2027-1", "2027-2")]
    paths = [f"/v1/authority-tables/{table['id']}/publications" for table in tables]
    await gateway.warm()
    answers = await asyncio.gather(*(gateway.post(other, path, {}, version=1) for path in paths))
    assert sorted(answer.status_code for answer in answers) == [201, 422]
    taken = await gateway.post(one, "/v1/authority-tables", await _proposal(gateway, effective_from="2099-01-01"))
    assert (taken.status_code, taken.json()["code"]) == (409, "table_version_taken")


@pytest.mark.parametrize("row", [{"limit": "1.00", "unlimited": True}, {"limit": None}])
async def test_a_row_has_either_a_limit_or_none(gateway: GatewayUnderTest, row: dict[str, Any]) -> None:
    who = await gateway.enter("rules_manager", "32")
    body = await _proposal(gateway)
    body["entries"][3] |= row
    answer = await gateway.post(who, "/v1/authority-tables", body)
    assert answer.status_code == 422
    assert [(one["code"], one["pointer"]) for one in answer.json()["errors"]] == [("limit_or_unlimited", "#/entries/3")]


async def test_limits_change_with_the_day_of_the_new_table(
    gateway: GatewayUnderTest, monkeypatch: pytest.MonkeyPatch, tmp_path: Any
) -> None:
    one, other = await gateway.enter("rules_manager", "32"), await gateway.enter("rules_manager", "00")
    body = await _proposal(gateway)
    at = _row(body["entries"], kind="claim_payment", line="liability", level="sub_branch")
    body["entries"][at]["limit"] = "20000.00"
    table = await _proposed(gateway, one, entries=body["entries"])
    await gateway.post(other, f"/v1/authority-tables/{table['id']}/publications", {}, version=1)
    assert await _limit(gateway) == "10000.00"
    (tmp_path / "clock").write_text("86400", encoding="ascii")
    monkeypatch.setenv("ANLAN_CLOCK_FILE", str(tmp_path / "clock"))
    assert await _limit(gateway) == "20000.00"


async def _limit(gateway: GatewayUnderTest) -> str:
    who = await gateway.enter("claims_approver", "320102")
    limits = (await gateway.get(who, "/v1/me")).json()["limits"]
    return next(one["limit"] for one in limits if (one["kind"], one["line"]) == ("claim_payment", "liability"))


EXPLAIN = "/v1/authority/explain?kind={kind}&line={line}&amount={amount}&org_path={path}"


def _asked(amount: str, path: str = "00.32.3201.320102", kind: str = "claim_payment", line: str = "liability") -> str:
    return EXPLAIN.format(kind=kind, line=line, amount=amount, path=path)


async def test_the_explanation_is_the_chain_of_the_services_with_the_holders_of_each_step(
    gateway: GatewayUnderTest,
) -> None:
    who = await gateway.enter("claims_approver", "00")
    table = (await gateway.rows(AuthorityTableRow.__table__))[0]
    seeded = AuthorityTable.of(table["table_version"], table["effective_from"], table["entries"])
    path = "00.32.3201.320102"
    parts = path.split(".")
    units = [
        Unit(parts[n], ".".join(parts[: n + 1]), LEVELS[3 - n]) for n in range(3, -1, -1)
    ]  # fmt: skip
    for kind in KINDS:
        for line in LINES:
            for amount in ("5000.00", "120000.00", "400000.00", "9000000.00"):
                told = (await gateway.get(who, _asked(amount, path, kind, line))).json()
                expected = chain(seeded, kind, line, Decimal(amount), units)
                assert [
                    (one["unit"]["code"], one["position"], one["kind"], one["needed"]) for one in told["steps"]
                ] == [(step.unit.code, step.position, step.kind, step.needed) for step in expected]
    told = (await gateway.get(who, _asked("400000.00"))).json()
    assert [one["signers"] for one in told["steps"]][-1] == ["claims_approver", "department_head"]
    assert {one["position"] for one in told["steps"][-1]["holders"]} == {"claims_approver", "department_head"}
    assert all(set(one) == {"person_id", "staff_no", "name", "position"} for one in told["steps"][-1]["holders"])


@pytest.mark.parametrize(
    ("position", "unit", "amount", "opinion", "decision"),
    [
        ("claims_approver", "320102", "8000.00", "wrong_step", (1, "decision")),
        ("claims_approver", "320102", "120000.00", (1, "opinion"), "authority_exceeded"),
        ("claims_approver", "3201", "8000.00", "wrong_step", "wrong_step"),
        ("claims_approver", "32", "400000.00", "wrong_step", (3, "decision")),
        ("department_head", "32", "400000.00", "wrong_step", (3, "cosignature")),
        ("department_head", "32", "120000.00", "wrong_step", "wrong_step"),
        ("surveyor", "320102", "8000.00", "action_not_permitted", "action_not_permitted"),
    ],
)
async def test_the_caller_is_told_yes_or_the_exact_reason(
    gateway: GatewayUnderTest, position: str, unit: str, amount: str, opinion: Any, decision: Any
) -> None:
    who = await gateway.enter(position, unit)
    told = (await gateway.get(who, _asked(amount))).json()["caller"]
    for verdict, expected in ((told["opinion"], opinion), (told["decision"], decision)):
        if isinstance(expected, str):
            assert (verdict["allowed"], verdict["reason"]["code"]) == (False, expected)
        else:
            assert (verdict["allowed"], verdict["step"], verdict["kind"]) == (True, *expected)


async def test_an_explanation_is_given_within_the_caller_s_scope_only(gateway: GatewayUnderTest) -> None:
    who = await gateway.enter("claims_approver", "320102")
    for path in ("00.32.3201", "00.32.3202.320205", "00.32.3201.320102.1", "00"):
        assert (await gateway.get(who, _asked("1.00", path))).status_code == 404
    head = await gateway.enter("claims_approver", "00")
    assert (await gateway.get(head, _asked("1.00", "00.99"))).status_code == 404
    wrong = await gateway.get(who, _asked("1"))
    assert (wrong.status_code, wrong.json()["code"]) == (422, "invalid_parameter")
    other = await gateway.get(who, _asked("1.00", kind="salary"))
    assert (other.status_code, other.json()["code"]) == (422, "invalid_parameter")


async def _calendar(gateway: GatewayUnderTest) -> dict[str, Any]:
    return (await gateway.rows(RuleSetRow.__table__, RuleSetRow.kind == "calendars"))[0]["content"]


async def test_a_rule_set_is_published_for_a_later_day_and_told_to_all(gateway: GatewayUnderTest) -> None:
    who = await gateway.enter("rules_manager", "32")
    body = {"effective_from": TOMORROW, "content": await _calendar(gateway)}
    answer = await gateway.post(who, "/v1/rule-sets/calendars", body)
    told = answer.json()
    assert (answer.status_code, told["status"], told["rule_version"]) == (201, "published", f"{TOMORROW[:4]}-2")
    assert answer.headers["location"] == f"/v1/rule-sets/calendars/{told['rule_version']}"
    event = (await gateway.rows(OUTBOX, OUTBOX.c.record_id == told["id"]))[0]
    assert event["subject"] == "organisation.rule_set.published.v1"
    assert (event["event"]["data"]["name"], event["event"]["data"]["content"]) == ("calendars", body["content"])
    listed = (await gateway.get(who, "/v1/rule-sets/calendars")).json()["items"]
    assert [(one["rule_version"], one["status"]) for one in listed] == [
        (told["rule_version"], "published"), ("2026-1", "in_force"),
    ]  # fmt: skip
    read = await gateway.get(who, "/v1/rule-sets/calendars/2026-1")
    assert read.json()["content"] == body["content"]


async def test_a_rule_set_that_overlaps_or_cannot_be_read_is_refused(gateway: GatewayUnderTest) -> None:
    who, agent = await gateway.enter("rules_manager", "32"), await gateway.enter("claims_approver", "3201")
    content = await _calendar(gateway)
    before = len(await gateway.rows(RuleSetRow.__table__))
    today = legal_day(process_now()).isoformat()
    broken = copy.deepcopy(content)
    broken["years"].append(broken["years"][0])
    refusals = [
        (who, "calendars", {"effective_from": today, "content": content}, 422, "effective_from_not_later"),
        (who, "calendars", {"effective_from": TOMORROW, "content": {"years": []}}, 422, "rule_set_invalid"),
        (who, "calendars", {"effective_from": TOMORROW, "content": broken}, 422, "rule_set_invalid"),
        (who, "authority_tables", {"effective_from": TOMORROW, "content": {}}, 422, "published_elsewhere"),
        (who, "unknown", {"effective_from": TOMORROW, "content": {}}, 404, "not_found"),
        (agent, "calendars", {"effective_from": TOMORROW, "content": content}, 403, "action_not_permitted"),
    ]
    for caller, kind, body, status, code in refusals:
        answer = await gateway.post(caller, f"/v1/rule-sets/{kind}", body)
        assert (answer.status_code, answer.json()["code"]) == (status, code), kind
    assert len(await gateway.rows(RuleSetRow.__table__)) == before
    shape = (await gateway.post(who, "/v1/rule-sets/calendars", {"effective_from": TOMORROW, "content": {}})).json()
    assert codes(shape["errors"]) == {"missing"}
    for path in ("/v1/rule-sets/unknown", "/v1/rule-sets/calendars/1999-1"):
        assert (await gateway.get(who, path)).status_code == 404


async def test_two_versions_for_the_same_day_are_never_both_published(gateway: GatewayUnderTest) -> None:
    who = await gateway.enter("rules_manager", "32")
    body = {"effective_from": TOMORROW, "content": await _calendar(gateway)}
    await gateway.warm()
    answers = await asyncio.gather(*(gateway.post(who, "/v1/rule-sets/calendars", body) for _ in range(3)))
    assert sorted(one.status_code for one in answers) == [201, 422, 422]
