"""A claim that was paid, closed and bound is opened again with the branch's consent, and pays the difference alone.

1,000.00 were paid; with one more bill it is 1,600.00. Nothing is paid, counted or bound twice, here or in any service.
"""

from __future__ import annotations

from typing import Any

from tests.support.claim_life import report
from tests.support.journeys import PUBLIC, ClaimStory, ago, reported, sold
from tests.support.system import System

UNIT, CENTRAL, BRANCH = "320102", "3201", "32"
VICTIM = {"kind": "third_party", "name": "司徒海", "account": "6222333344445555"}
REOPEN = {"reason_code": "new_facts", "reason": "补充了新的医疗票据"}


def facts(amount: str) -> dict[str, Any]:
    bill = {"kind": "medical", "amount": amount}
    hurt = {"ref": "A", "kind": "third_party", "name": "司徒海", "losses": [bill]}
    return {"liability_form": "several", "fault_ratio": "1.00", "claimants": [hurt]}


async def test_a_claim_opened_again_pays_the_difference_and_nothing_twice(system: System) -> None:
    policy = await sold(system, PUBLIC)
    story = await reported(system, UNIT, report(policy_no=policy["policy_no"], unit_code=None))
    sheet = await story.up_to_sheet(facts("1000.00"), "1000.00")
    await story.done("claims_approver", "approvals", story.step_on(sheet, "decision"))
    await _settled(story, "1000.00", "pay")
    volume = await _closed(story)
    await story.refused(422, "reason_required", "adjuster", "reopenings", REOPEN | {"reason": " "})
    await _opened_with_consent(story)
    again = await _calculated_anew(story)
    await story.refused(409, "payment_before_approval", "adjuster", "payments", _order("600.00"))
    await _decided_by_the_branch(story, again)
    await _settled(story, "600.00", "pay", too_much="600.01")
    assert await _closed_again(story) == volume
    await _counted_once(system, story, policy)


def _order(amount: str) -> dict[str, Any]:
    return {"payee": VICTIM, "amount": amount, "relation": "self", "claimant_ref": "A"}


async def _settled(story: ClaimStory, amount: str, kind: str, *, too_much: str | None = None) -> None:
    await story.done("adjuster", "settlement-agreements", {"agreed_at": ago()})
    await story.done("adjuster", "notices", {"kind": kind, "served_at": ago(), "method": "letter"})
    if too_much is not None:
        await story.refused(422, "payable_exceeded", "adjuster", "payments", _order(too_much))
    told = await story.pay(VICTIM, amount, claimant_ref="A")
    assert told["claim"]["status"] == "paid"
    await story.system.drain()


async def _closed(story: ClaimStory) -> str:
    for ref in (await story.read(below="/documents"))["consents_missing"]:
        given = {"claimant_ref": ref, "basis": "consent", "obtained_at": ago()}
        await story.done("service_agent", "consents", given)
    await story.done("adjuster", "closures", {})
    archivist = await story.person("archivist")
    pages = {"pages": [{"title": "理算书", "page_count": 2}], "archivist_person_id": archivist.id}
    return (await story.done("archivist", "file", pages))["volume_no"]


async def _opened_with_consent(story: ClaimStory) -> None:
    """Below the branch there is no consent; with it the claim is open, once of the times it may be."""
    asked = await story.done("adjuster", "reopenings", REOPEN)
    below = f"reopenings/{asked['id']}"
    amount = (await story.read(below=f"/{below}/approval"))["amount"]
    opinion = {"kind": "opinion", "outcome": "approve", "amount": amount}
    decision = opinion | {"kind": "decision"}
    low = await story.step(f"claims_approver@{CENTRAL}", f"{below}/approvals", decision)
    assert (low.status_code, low.json()["code"]) == (403, "below_required_level"), low.text
    await story.refused(409, "wrong_step", f"claims_approver@{BRANCH}", f"{below}/approvals", decision)
    for unit in (UNIT, CENTRAL):
        await story.done(f"claims_approver@{unit}", f"{below}/approvals", opinion)
    told = await story.done(f"claims_approver@{BRANCH}", f"{below}/approvals", decision)
    assert (told["claim"]["status"], told["side"]["status"]) == ("reopened", "approved")


async def _calculated_anew(story: ClaimStory) -> dict[str, Any]:
    await story.done("adjuster", "losses", facts("1600.00"), method="PUT")
    await story.done("adjuster", "documents", {"items": [{"code": "medical_invoices"}]})
    sheet = await story.done("adjuster", "calculation-sheets", {})
    assert (sheet["gross_amount"], sheet["payable_amount"], sheet["sheet_version"]) == ("1600.00", "600.00", 2)
    return sheet


async def _decided_by_the_branch(story: ClaimStory, sheet: dict[str, Any]) -> None:
    """1,600.00 would be the sub-branch's, but what was opened again is the branch's."""
    decision, opinion = story.step_on(sheet, "decision"), story.step_on(sheet, "opinion")
    await story.refused(403, "below_required_level", f"claims_approver@{UNIT}", "approvals", decision)
    for unit in (UNIT, CENTRAL):
        await story.done(f"claims_approver@{unit}", "approvals", opinion)
    done = await story.done(f"claims_approver@{BRANCH}", "approvals", decision)
    assert done["claim"]["status"] == "decided"


async def _closed_again(story: ClaimStory) -> str:
    """The one volume of the claim: a second one is refused, the new papers are its supplement."""
    await story.done("adjuster", "closures", {})
    archivist = await story.person("archivist")
    pages = {"pages": [{"title": "理算书(二)", "page_count": 2}], "archivist_person_id": archivist.id}
    second = await story.step("archivist", "file", pages)
    assert (second.status_code, second.json()["code"]) == (409, "second_volume"), second.text
    more = {"pages": pages["pages"], "reason": "重开后的材料"}
    await story.done("archivist", "file/supplements", more)
    return (await story.read("archivist", "/file/manifest"))["volume_no"]


async def _counted_once(system: System, story: ClaimStory, policy: dict[str, Any]) -> None:
    gate, agent = system.gateway, await story.person("service_agent")
    await system.drain()
    path = f"/v1/policies/{policy['id']}"
    left = (await gate.get(agent, f"{path}/remaining-limits")).json()["items"]
    aggregate = next(one for one in left if one["limit_name"] == "aggregate_limit")
    assert (aggregate["used"], aggregate["remaining"]) == ("1600.00", "9998400.00")
    losses = (await gate.get(agent, f"{path}/loss-history")).json()["items"]
    assert [one["claim_id"] for one in losses] == [story.claim["id"]]
    settled = [one for one in await system.told("claims", story.claim["id"]) if "settled" in one["subject"]]
    assert [one["event"]["data"]["paid_amount"] for one in settled] == ["1000.00", "1600.00"]
    head = await system.enter("department_head", "3201")
    paid = (await gate.get(head, "/v1/payments")).json()["items"]
    assert sorted(one["amount"] for one in paid if one["claim_id"] == story.claim["id"]) == ["1000.00", "600.00"]
