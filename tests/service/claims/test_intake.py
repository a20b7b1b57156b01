"""First notices of loss through the claims service's own routes and database."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from shared.clock import process_now, rfc3339
from shared.kernel import kernel
from tests.support.services import ServiceUnderTest
from tests.support.tokens import actor

AGENT = actor("service_agent", "00.32.3201.320102")
SIBLING = actor("service_agent", "00.32.3201.320104")


def report(**changes: Any) -> dict[str, Any]:
    body = {
        "channel": "phone",
        "reporter": {"name": "欧阳岚", "phone": "13800001234", "relation": "insured"},
        "policy_no": "PLL2026-32-009999",
        "loss_at": rfc3339(process_now() - timedelta(hours=2)),
        "place": "演示路1号",
        "injured": [{"name": "司徒海", "id_no": "11010519491231002X"}],
        "injured_count": 1,
        "death_count": 0,
        "estimated_amount": "5000.00",
    }
    return body | changes


async def test_a_report_with_an_unknown_policy_gets_its_number_and_the_guide_at_once(claims: ServiceUnderTest) -> None:
    answer = await claims.post(AGENT, "/v1/claims", report())
    assert answer.status_code == 201, answer.text
    told = answer.json()
    assert told["claim_no"].startswith("C")
    assert told["claim_no"].endswith("-32-000001")
    assert (told["status"], told["policy_match"], told["unit_code"]) == ("reported", "unmatched", "320102")
    assert told["guide"]["documents"]
    assert told["guide"]["steps"]
    assert answer.headers["location"] == f"/v1/claims/{told['id']}"
    events = await claims.rows(kernel.tables["outbox"])
    subjects = [one["subject"] for one in events]
    assert subjects == ["claims.claim.reported.v1", "claims.duty.taken.v1", "claims.notice.sent.v1"]
    assert "欧阳岚" not in str(events)
    assert "11010519491231002X" not in str(events)
    assert [one["outcome"] for one in await claims.rows(kernel.tables["audit_entries"])] == ["done"]


async def test_the_same_key_gets_the_first_answer_and_one_claim(claims: ServiceUnderTest) -> None:
    body = report()
    first = await claims.post(AGENT, "/v1/claims", body, key="night-1")
    again = await claims.post(AGENT, "/v1/claims", body, key="night-1")
    assert (again.status_code, again.content) == (first.status_code, first.content)
    assert again.headers["idempotency-replayed"] == "true"
    other = await claims.post(AGENT, "/v1/claims", report(place="别处"), key="night-1")
    assert (other.status_code, other.json()["code"]) == (422, "idempotency_key_reused")
    assert len(await claims.rows(kernel.tables["audit_entries"])) == 1


async def test_a_likely_duplicate_is_shown_and_what_was_not_told_makes_no_likeness(claims: ServiceUnderTest) -> None:
    first = (await claims.post(AGENT, "/v1/claims", report())).json()
    same = (await claims.post(AGENT, "/v1/claims", report(place="演示路 1 号门口"))).json()
    assert [one["claim_no"] for one in same["possible_duplicates"]] == [first["claim_no"]]
    people = report(policy_no=None, place="演示路 1号", injured=[{"name": "司徒海", "id_no": "11010519491231002X"}])
    known = (await claims.post(AGENT, "/v1/claims", people)).json()
    assert {one["claim_no"] for one in known["possible_duplicates"]} == {first["claim_no"], same["claim_no"]}
    little = {"policy_no": None, "place": None, "injured": [], "injured_count": 0}
    for _ in range(2):
        untold = (await claims.post(AGENT, "/v1/claims", report(**little))).json()
        assert untold["possible_duplicates"] == []


async def test_a_sibling_unit_neither_reads_nor_lists_the_claim(claims: ServiceUnderTest) -> None:
    told = (await claims.post(AGENT, "/v1/claims", report())).json()
    mine = await claims.get(AGENT, f"/v1/claims/{told['id']}")
    assert mine.status_code == 200
    assert mine.json()["reporter"]["name"] == "欧阳*"
    hidden = await claims.get(SIBLING, f"/v1/claims/{told['id']}")
    unknown = await claims.get(SIBLING, "/v1/claims/01a1f749-e3df-7c02-8838-9e4119657450")
    assert hidden.status_code == unknown.status_code == 404
    strip = lambda answer: {k: v for k, v in answer.json().items() if k not in ("instance", "request_id")}  # noqa: E731
    assert strip(hidden) == strip(unknown)
    listed = await claims.get(SIBLING, "/v1/claims?include_total=true")
    assert (listed.json()["items"], listed.json()["total"]) == ([], 0)
    above = await claims.get(actor("claims_approver", "00.32.3201"), "/v1/claims")
    assert [one["id"] for one in above.json()["items"]] == [told["id"]]


async def test_a_report_for_another_unit_answers_number_and_guide_only(claims: ServiceUnderTest) -> None:
    answer = await claims.post(AGENT, "/v1/claims", report(unit_code="320205"))
    assert answer.status_code == 201
    assert set(answer.json()) == {"id", "claim_no", "guide"}
    assert (await claims.get(AGENT, f"/v1/claims/{answer.json()['id']}")).status_code == 404


async def test_a_loss_in_the_future_is_refused_and_leaves_nothing(claims: ServiceUnderTest) -> None:
    answer = await claims.post(
        AGENT, "/v1/claims", report(loss_at=rfc3339(process_now() + timedelta(hours=1))), key="k"
    )
    assert (answer.status_code, answer.json()["code"]) == (422, "occurred_in_future")
    assert await claims.rows(kernel.tables["outbox"]) == []
    assert await claims.rows(kernel.tables["audit_entries"]) == []
    assert (await claims.post(AGENT, "/v1/claims", report(), key="k")).status_code == 201


async def test_a_dry_run_checks_and_stores_nothing(claims: ServiceUnderTest) -> None:
    answer = await claims.call(AGENT, "POST", "/v1/claims?dry_run=true", report())
    assert (answer.status_code, "id" in answer.json()) == (200, False)
    assert await claims.rows(kernel.tables["outbox"]) == []


async def test_unknown_members_and_parameters_are_named(claims: ServiceUnderTest) -> None:
    answer = await claims.post(AGENT, "/v1/claims", report(status="paid", org_path="00"))
    assert (answer.status_code, answer.json()["code"]) == (422, "unknown_property")
    assert {one["pointer"] for one in answer.json()["errors"]} == {"#/status", "#/org_path"}
    listed = await claims.get(AGENT, "/v1/claims?stauts=in_approval")
    assert (listed.status_code, listed.json()["code"]) == (422, "unknown_parameter")
    read = await claims.get(AGENT, "/v1/claims/01a1f749-e3df-7c02-8838-9e4119657450?x=1")
    assert (read.status_code, read.json()["code"]) == (422, "unknown_parameter")
