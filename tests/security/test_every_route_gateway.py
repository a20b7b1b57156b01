"""The gateway's own routes: people and units of another branch stay hidden, and no bad credential passes the door."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Iterator
from uuid import uuid4

import pytest

from scripts.deployables import ROOT
from tests.support import engines
from tests.support.forged import STRANGE_KEY, altered, unsigned
from tests.support.gate_world import ELSEWHERE, OWN_UNITS, Gate, gate_of
from tests.support.gateway import SIGNING
from tests.support.route_walk import PLACES, Kind, Operation, operations_of, told
from tests.support.schema_bodies import UNKNOWN
from tests.support.tokens import MATRIX, actor, token

COMPANY_WIDE = {
    "/v1/authority-tables": "the tables of limits hold for the whole company and everybody reads them",
    "/v1/authority/explain": "explains a chain of units from the tables, of no record",
    "/v1/rule-sets": "rule sets hold for the whole company",
    "/v1/message-templates": "a rule set",
    "/v1/reference": "lists of words",
    "/v1/directory": "who holds what is read by everybody who has to assign work",
}
OF_ONESELF = {"/v1/session", "/v1/me", "/v1/token"}
INBOX = {"/v1/work-items", "/v1/audit-entries", "/v1/events"}
FLOOR = 60


@pytest.fixture(scope="module")
async def gate(clones: engines.Clones, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Gate]:
    async with gate_of(clones, tmp_path_factory.mktemp("gateway")) as found:
        yield found


def own_operations(gate: Gate) -> list[Operation]:
    found = operations_of(gate.gateway.app)
    assert len(found) >= FLOOR
    return found


def about_records(gate: Gate) -> Iterator[Operation]:
    """The routes about one person or one unit; what is about neither must be named above, with its reason."""
    for operation in own_operations(gate):
        if not operation.path.startswith((*COMPANY_WIDE, *OF_ONESELF, *INBOX)) and operation.kind is Kind.ITEM:
            yield operation


async def test_people_and_units_of_another_unit_are_not_told_from_none(gate: Gate) -> None:
    faults, reached, expected = [], set(), 0
    for operation in about_records(gate):
        strangers = await gate.holders(operation, ELSEWHERE)
        before, entries = await gate.rows.fingerprints(), sum((await gate.rows.refusals()).values())
        for name, who in strangers:
            known, unknown = told(await gate.call(who, operation)), told(await gate.call(who, operation, unknown=True))
            if known != unknown or known[0] != 404:
                faults.append(f"{operation} as {name}: {known} and {unknown}")
            expected += 2 if operation.method != "GET" else 0
            reached.add(str(operation))
        assert await gate.rows.fingerprints() == before, operation
        added = sum((await gate.rows.refusals()).values()) - entries
        assert added == (2 * len(strangers) if operation.method != "GET" else 0), operation
        await _own_people_find_it(gate, operation)
    assert not faults, "\n".join(faults)
    assert reached == {str(one) for one in about_records(gate)}
    assert expected > 0


async def _own_people_find_it(gate: Gate, operation: Operation) -> None:
    """A stale version or a dry run: the record is found and stays as it is."""
    answers = []
    for _, who in await gate.holders(operation, OWN_UNITS):
        query = {"dry_run": "true"} if operation.method == "POST" else {}
        answers.append((await gate.call(who, operation, version=999_999, params=query)).status_code)
        if answers[-1] not in (403, 404):
            break
    # only oneself declares relatives: everybody else is refused at the record, which shows that it was found
    found = [one for one in answers if one != 404]
    assert found, f"{operation}: {answers}"


async def test_lists_of_units_people_and_teams_show_nothing_of_another_unit(gate: Gate) -> None:
    lists = [one for one in own_operations(gate) if one.path in ("/v1/units", "/v1/people", "/v1/teams")]
    shown = [one for one in lists if one.method == "GET"]
    assert len(shown) == 3
    for operation in shown:
        for name, who in await gate.holders(operation, ELSEWHERE):
            page = (await gate.call(who, operation, params={"unit_code": "320102", "include_total": "true"})).json()
            assert (page["items"], page["total"]) == ([], 0), f"{operation} as {name}"
            everything = (await gate.call(who, operation, params={"limit": "200"})).json()["items"]
            assert not [one for one in everything if "320102" in one["org_path"]], f"{operation} as {name}"
        _, insider = (await gate.holders(operation, OWN_UNITS))[0]
        page = (await gate.call(insider, operation, params={"unit_code": "320102", "include_total": "true"})).json()
        assert page["total"] == len(page["items"]) >= 1, operation


async def test_opening_below_a_hidden_unit_is_like_opening_below_none(gate: Gate) -> None:
    named = {
        "/v1/teams": ("unit_code", {"code": "NEW-T1", "name": "新队", "from": "2026-01-01"}),
        "/v1/units": (
            "parent_code",
            {"code": "320199", "name": "新", "level": "sub_branch", "opened_on": "2026-12-31"},
        ),
    }
    for operation in own_operations(gate):
        if operation.method != "POST" or operation.path not in named:
            continue
        member, body = named[operation.path]
        for name, who in await gate.holders(operation, {"C": ("3202",), "B": ("33",)}):
            answers = [
                told(await gate.call(who, operation, body=body | {member: code}, params=DRY))
                for code in ("3201", "3299")
            ]
            assert answers[0] == answers[1], f"{operation} as {name}: {answers}"
            assert answers[0][2]["code"] != "validation_failed", f"{operation} as {name}: {answers}"


DRY = {"dry_run": "true"}


async def test_the_inbox_is_empty_and_the_trail_holds_only_the_own_branch(gate: Gate) -> None:
    for operation in own_operations(gate):
        # what a stream has lost of another branch has its test where gaps are made
        if not operation.path.startswith(tuple(INBOX)) or operation.method != "GET" or operation.path.endswith("gaps"):
            continue
        for name, who in await gate.holders(operation, ELSEWHERE):
            items = (await gate.call(who, operation)).json()["items"]
            if operation.path == "/v1/audit-entries":
                assert {one["entry"]["org_path"][:5] for one in items} <= {"00.33"}, name
            elif operation.path == "/v1/audit-entries/verification":
                assert {one["chain"].rpartition(":")[2][:5] for one in items} <= {"00.33"}, name
            else:
                assert items == [], f"{operation} as {name}"


async def test_a_position_without_the_permission_is_refused_on_every_route_of_the_gateway(gate: Gate) -> None:
    wrong, calls = [], 0
    for operation in own_operations(gate):
        for position in MATRIX.positions:
            for letter, code in OWN_UNITS.items():
                if operation.permission is None or position in operation.holders(letter):
                    continue
                if not MATRIX.exists(position, *PLACES[letter]) or (who := await gate.enter(position, code)) is None:
                    continue
                calls += 1
                path = operation.path.replace("{", "").replace("}", "")
                for segment in gate.ids:
                    path = path.replace(segment, str(UNKNOWN))
                answer = await gate.gateway.call(who, operation.method, path)
                if (answer.status_code, answer.json()["code"]) != (403, "action_not_permitted"):
                    wrong.append(f"{operation} as {position} of {code}: {answer.status_code} {answer.text[:120]}")
    assert not wrong, "\n".join(wrong)
    assert calls > 300


def _bad(right: str) -> dict[str, str]:
    """What is wrong → value of `Authorization`."""
    who = actor("auditor", "00")
    return {
        "nothing": "", "garbage": "Bearer x.y.z", "another scheme": f"Basic {right}",
        "expired": f"Bearer {token(who, 'anlan', seconds=-3600, key=SIGNING)}",
        "a strange key": f"Bearer {token(who, 'anlan', key=STRANGE_KEY)}",
        "no signature": f"Bearer {unsigned(right)}",
        "another body": f"Bearer {altered(right, sub=str(uuid4()))}",
        "another audience": f"Bearer {token(who, 'somewhere', key=SIGNING)}",
        "an internal token": f"Bearer {token(who, 'claims', key=SIGNING)}",
    }  # fmt: skip


async def test_no_bad_credential_passes_the_door_on_any_route(gate: Gate) -> None:
    table = json.loads((ROOT / "gateway/forwarding/routes.json").read_text(encoding="utf-8"))
    every = {(row["method"], row["path"]) for row in table if row.get("permission") is not None}
    every |= {(one.method, one.path) for one in own_operations(gate) if one.permission is not None}
    leaver = await gate.gateway.enter("auditor", "00")
    bad = _bad(leaver.access_token)
    await gate.gateway.call(leaver, "DELETE", "/v1/session")
    bad["signed out"] = f"Bearer {leaver.access_token}"
    wrong = []
    for method, path in sorted(every):
        plain = "/".join(str(UNKNOWN) if step.startswith("{") else step for step in path.split("/"))
        for fault, value in bad.items():
            headers = {"Authorization": value} if value else {"X-User-Id": leaver.id}
            answer = await gate.gateway.call(None, method, plain, headers=headers)
            if (answer.status_code, answer.json()["code"]) != (401, "token_invalid"):
                wrong.append(f"{method} {path} with {fault}: {answer.status_code} {answer.text[:120]}")
    assert not wrong, "\n".join(wrong)
    assert len(every) >= 170
