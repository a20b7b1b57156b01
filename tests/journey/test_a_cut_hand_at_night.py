"""A cut hand, told at 02:40 on a Saturday in April 2026: a small accident claim from the call to its one volume.

(4,285.00 − 200.00) × 80 % is 3,268.00, which the sub-branch decides itself. Every day is the day it happened on.
"""

from __future__ import annotations

from typing import Any

from services.claims.events import NoticeSent
from services.claims.settings import ClaimsSettings
from shared.notices import sending
from shared.ticks import run_once
from tests.support.claim_life import MovedClock, report
from tests.support.journeys import NIGHT, ClaimStory, ago, move, reported, sold
from tests.support.system import System

BEGINS = "2026-04-18T02:40"
UNIT = "320205"
LOSS_AT = "2026-04-15T01:30:00+08:00"
"""Three days before the call: late, which is marked and refuses nothing."""
BILL = {"kind": "medical", "amount": "4285.00"}
FACTS = {"claimants": [{"ref": "P-0001", "kind": "insured_person", "name": "欧阳岚", "losses": [BILL]}]}
PAYEE = {"kind": "insured_person", "name": "欧阳岚", "account": "6222000011112222"}


async def test_a_cut_hand_at_night_from_the_call_to_its_volume(clock: MovedClock, system: System) -> None:
    policy = await sold(system, NIGHT)
    assert policy["unit_code"] == UNIT
    story = await _told_at_night(system, policy)
    move(system, clock, "2026-04-18T02:44")
    await _guided_at_once(story)
    move(system, clock, "2026-04-18T09:10")
    await _told_again_in_the_morning(story, policy)
    move(system, clock, "2026-04-20T10:00")
    await _registered_without_a_survey(story)
    move(system, clock, "2026-04-21T15:00")
    await _papers_complete(story)
    move(system, clock, "2026-04-22T10:00")
    sheet = await story.done("adjuster", "calculation-sheets", {})
    assert (sheet["gross_amount"], sheet["payable_amount"]) == ("3268.00", "3268.00")
    await _approved_by_another_person(story, sheet)
    await _agreed(story)
    move(system, clock, "2026-04-23T11:00")
    await _paid(story)
    await _visited_within_five_working_days(story)
    move(system, clock, "2026-04-24T09:00")
    await _closed_in_one_volume(story)


async def _told_at_night(system: System, policy: dict[str, Any]) -> ClaimStory:
    """At 02:40 by phone; the guide is out before 02:45, while nobody is at a desk."""
    told = report(
        policy_no=policy["policy_no"], unit_code=None, loss_at=LOSS_AT, estimated_amount="4500.00",
        injured=[{"name": "欧阳岚", "insured_ref": "P-0001"}],
    )  # fmt: skip
    story = await reported(system, UNIT, told)
    claim = story.claim
    assert (claim["status"], claim["policy_match"], claim["unit_code"]) == ("reported", "matched", UNIT)
    assert claim["flags"].count("late_notice") == 1
    assert claim["guide"]["documents"]
    assert claim["guide"]["steps"]
    future = told | {"loss_at": "2026-04-18T03:40:00+08:00"}
    agent = await story.person("service_agent")
    answer = await system.gateway.post(agent, "/v1/claims", future)
    assert (answer.status_code, answer.json()["code"]) == (422, "occurred_in_future"), answer.text
    return story


async def _guided_at_once(story: ClaimStory) -> None:
    """The guide leaves in the middle of the night, in full: quiet hours hold back other messages only."""
    system = story.system
    folder = system.folder / "claims"
    settings = ClaimsSettings(
        database_url=system.urls["claims"], keys_file=folder / "keys.json", secret_file=folder / "secret",
        attachments_dir=folder / "sent",
    )  # fmt: skip
    await run_once(system.workers["claims"].database, sending(settings, NoticeSent))
    past = (await story.read("service_agent", "/timeline"))["items"]
    [message] = [one for one in past if one["kind"] == "message"]
    assert (message["facts"]["kind"], message["facts"]["state"]) == ("guide", "delivered")
    assert message["at"] < "2026-04-18T02:45"
    assert story.claim["claim_no"] in (folder / "sent" / "notices.ndjson").read_text("utf-8")


async def _told_again_in_the_morning(story: ClaimStory, policy: dict[str, Any]) -> None:
    """The second report of the same loss is taken, shown as likely, and linked; nothing is merged by itself."""
    body = report(
        policy_no=policy["policy_no"], unit_code=None, loss_at=LOSS_AT, estimated_amount="4500.00",
        injured=[{"name": "欧阳岚", "insured_ref": "P-0001"}],
    )  # fmt: skip
    second = await reported(story.system, UNIT, body)
    assert [one["claim_id"] for one in second.claim["possible_duplicates"]] == [story.claim["id"]]
    assert second.claim["status"] == "reported"
    itself = {"duplicate_of": second.claim["id"]}
    await second.refused(422, "duplicate_of_itself", "service_agent", "links", itself)
    linked = await second.done("service_agent", "links", {"duplicate_of": story.claim["id"]})
    assert (linked["claim"]["status"], linked["duplicate_of"]) == ("cancelled", story.claim["id"])
    read = await second.read("service_agent")
    assert (read["status"], read["duplicate_of"]) == ("cancelled", story.claim["id"])
    back = {"duplicate_of": second.claim["id"]}
    await story.refused(409, "kept_claim_cancelled", "service_agent", "links", back)


async def _registered_without_a_survey(story: ClaimStory) -> None:
    estimate = {"reserve_amount": "3500.00", "reason": "按医疗发票估损"}
    await story.refused(422, "reason_required", "adjuster", "registrations", estimate)
    told = await story.done("adjuster", "registrations", estimate | {"no_survey_reason": "金额小，事实清楚"})
    assert told["claim"]["status"] == "registered"
    await story.refused(409, "state_conflict", "adjuster", "calculation-sheets", {})


async def _papers_complete(story: ClaimStory) -> None:
    await story.papers()
    await story.done("adjuster", "losses", FACTS, method="PUT")
    claim = await story.read()
    assert claim["status"] == "documents_complete"
    [decide] = [one for one in claim["deadlines"] if one["id"] in ("DL-CL-1", "DL-CL-1a")]
    assert decide["due_on"] > "2026-04-21"


async def _approved_by_another_person(story: ClaimStory, sheet: dict[str, Any]) -> None:
    decision = story.step_on(sheet, "decision", clause_ids=["PA-02"])
    await story.refused(403, "action_not_permitted", "adjuster", "approvals", decision)
    await story.refused(409, "payment_before_approval", "adjuster", "payments", _order("3268.00"))
    await _late_notice_is_no_ground(story, sheet)
    told = await story.done("claims_approver", "approvals", decision)
    assert told["claim"]["status"] == "decided"
    [step] = (await story.read(below="/approval"))["chain"]
    approver = await story.person("claims_approver")
    assert (step["unit_code"], step["kind"], step["person"]["person_id"]) == (UNIT, "decision", approver.id)


async def _late_notice_is_no_ground(story: ClaimStory, sheet: dict[str, Any]) -> None:
    """That somebody told late frees nobody from paying what can be determined all the same (保险法 art. 21)."""
    refuse = story.step_on(sheet, "opinion", "refuse", reason_code="late_notice", reason="迟延三日报案")
    await story.refused(422, "late_notice_is_no_ground", "claims_approver", "approvals", refuse)


async def _agreed(story: ClaimStory) -> None:
    told = await story.done("adjuster", "settlement-agreements", {"agreed_at": ago()})
    assert (told["due_on"], told["due_legal_on"]) == ("2026-05-02", "2026-05-06")
    served = {"kind": "partial", "served_at": ago(), "method": "letter"}
    await story.refused(409, "notice_kind_differs", "adjuster", "notices", served | {"kind": "zero"})
    await story.done("adjuster", "notices", served)
    explained = {"explained_at": ago(), "method": "phone", "content": "免赔额与赔付比例", "reply": "已了解"}
    await story.done("adjuster", "explanations", explained)


def _order(amount: str) -> dict[str, Any]:
    return {"payee": PAYEE, "amount": amount, "relation": "self"}


async def _paid(story: ClaimStory) -> None:
    await story.refused(422, "payable_exceeded", "adjuster", "payments", _order("3268.01"))
    told = await story.pay(PAYEE, "3268.00")
    assert told["claim"]["status"] == "paid"
    again = await story.step("adjuster", "payments", _order("3268.00"))
    assert again.status_code == 409, again.text
    await story.system.drain()
    settled = [one for one in await story.system.told("claims", story.claim["id"]) if "settled" in one["subject"]]
    assert [one["event"]["data"]["paid_amount"] for one in settled] == ["3268.00"]


async def _visited_within_five_working_days(story: ClaimStory) -> None:
    agent = await story.person("service_agent")
    visits = (await story.system.gateway.get(agent, "/v1/return-visits")).json()["items"]
    [visit] = [one for one in visits if one["about"]["id"] == story.claim["id"]]
    assert (visit["kind"], visit["due"]["due_on"]) == ("claim_settlement", "2026-04-30")


async def _closed_in_one_volume(story: ClaimStory) -> None:
    archivist = await story.person("archivist")
    pages = {"pages": [{"title": "理算书", "page_count": 2}], "archivist_person_id": archivist.id}
    early = await story.step("archivist", "file", pages)
    assert (early.status_code, early.json()["code"]) == (409, "state_conflict"), early.text
    for ref in (await story.read(below="/documents"))["consents_missing"]:
        given = {"claimant_ref": ref, "basis": "consent", "obtained_at": ago()}
        await story.done("service_agent", "consents", given)
    await story.done("adjuster", "closures", {})
    bound = await story.done("archivist", "file", pages)
    assert bound["volume_no"] == f"2026-{UNIT}-PA-000001"
    second = await story.step("archivist", "file", pages)
    assert (second.status_code, second.json()["code"]) == (409, "second_volume"), second.text
    assert (await story.read("archivist", "/file/manifest"))["volume_no"] == bound["volume_no"]
