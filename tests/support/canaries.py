"""A complaint full of canary values about several of the staff, and everybody from whom they must be kept."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from shared.kernel import kernel
from tests.support import delegating
from tests.support.complaint_story import ComplaintStory, officers, staff_no, taken_in, upload
from tests.support.complaint_world import REPLY
from tests.support.gateway import SignedIn
from tests.support.journeys import ClaimStory, ago
from tests.support.system import System

NAMES = ("金丝雀甲", "金丝雀代", "金丝雀丙")
NUMBERS = ("13899990001", "13899990002", "13899990003", "110101199003070011", "11010119900307002X")
WORDS = tuple(f"金丝雀言{n}" for n in range(9))
"""What somebody said, by where it is said: content, step, note, reason, findings, grounds, action, case, facts."""
CANARIES = (*NAMES, *NUMBERS, *WORDS)

_COMPLAINANT = {"name": NAMES[0], "phone": NUMBERS[0], "id_no": NUMBERS[3], "relation": "insured", "count": 3}
_PROXY = {"name": NAMES[1], "phone": NUMBERS[1], "id_no": NUMBERS[4], "authority": "signed_authority"}


@dataclass
class Nest:
    """The complaint, what lies below it, and who must not learn of it: `kept_out` by what he is."""

    story: ComplaintStory
    claim: ClaimStory
    kept_out: dict[str, SignedIn]
    handler: SignedIn
    known: dict[str, str]
    """Beginning of a path up to and with `{}` → id there."""


async def planted(system: System, claim: ClaimStory) -> Nest:
    """Registered against an agent, a surveyor, an officer and an auditor, and worked on until its review is asked for,
    with canary values wherever anybody can write."""
    named_officer, handler = await officers(system)
    named = {
        "agent": await system.enter("service_agent", "320102"), "surveyor": await system.enter("surveyor", "320102"),
        "officer": named_officer, "auditor": await system.enter("auditor", "32"),
    }  # fmt: skip
    agent = await system.enter("service_agent", "3201")
    paper = await upload(system, agent)
    story = await taken_in(
        system, about={"claim_no": claim.claim["claim_no"], "staff_no": [staff_no(one) for one in named.values()]},
        complainant=_COMPLAINANT, proxy=_PROXY | {"authority_upload_id": paper}, upload_ids=[paper], channel="visit",
        representatives=[{"name": NAMES[2], "phone": NUMBERS[2]}], content=f"{NAMES[0]}:{WORDS[0]}",
        cause="mis_selling",
        reception={"place": "柜面", "received_by_staff_no": [staff_no(agent)], "started_at": ago(minutes=9)},
    )  # fmt: skip
    await story.done(agent, "identity-checks", {"result": "proxy_confirmed"})
    await story.done("department_head@32", "assignments", {"officer_person_id": handler.id})
    known = await _worked_on(story, handler, named["agent"])
    await system.drain()
    manager = await system.enter("department_head", "3201")
    kept_out = {**named, "line manager": manager, "delegate": await _delegate(system, named["officer"])}
    return Nest(story, claim, kept_out, handler, known)


async def _delegate(system: System, named: SignedIn) -> SignedIn:
    """An agent of the branch acting for the officer named, with all that can be given."""
    me = (await system.gateway.get(named, "/v1/me")).json()
    wanted = [one for one in me["permissions"] if not one.startswith(("organisation.", "session."))]
    beside = await system.gateway.enter("service_agent", "32")
    given = await delegating.granted(system.gateway, named, beside, permissions=wanted, limit=None)
    return await delegating.acting(system.gateway, beside, given["id"])


async def _worked_on(story: ComplaintStory, handler: SignedIn, seller: SignedIn) -> dict[str, str]:
    """Every kind of act with its canary; the ids of what came of them."""
    gate, path = story.system.gateway, story.path
    known = {"/v1/complaints/{}": story.told["id"]}
    seen = await gate.post(handler, f"{path}/attachments", files={"file": ("a.pdf", _PDF)}, data={"kind": "x"})
    known["/v1/complaints/{}/attachments/{}"] = seen.json()["id"]
    await story.done(handler, "investigations", {"step": WORDS[1], "party": "complainant", "kind": "contact"})
    await gate.post(handler, f"{path}/notes", {"text": WORDS[2]})
    paper = {"facts": WORDS[8], "received_on": ago()[:10], "told_at": ago()}
    await story.done(handler, "new-facts", paper | {"upload_ids": [await upload(story.system, handler)]})
    proposed = await story.done("complaint_officer@00", "compensations", {"amount": "500.00", "reason": WORDS[3]})
    known["/v1/complaints/{}/compensations/{}"] = proposed["id"]
    approval = {"kind": "decision", "outcome": "approve", "amount": "500.00", "reason": WORDS[3]}
    await story.done(handler, f"compensations/{proposed['id']}/approvals", approval)
    action = {"action": WORDS[6], "owner_staff_no": staff_no(handler), "due_on": ago(days=-9)[:10]}
    known["/v1/complaints/{}/root-causes/{}"] = (await story.done(handler, "root-causes", action))["id"]
    case = {"source": {"kind": "complaint", "id": story.told["id"]}, "seller_staff_no": staff_no(seller)}
    opened = await gate.post(handler, "/v1/mis-selling-cases", case)
    assert opened.status_code == 201, opened.text
    known["/v1/mis-selling-cases/{}"] = opened.json()["id"]
    await _finding(story, opened.json(), handler)
    return known | await _answered(story, handler)


_PDF = b"%PDF-1.4\n%%EOF\n"


async def _finding(story: ComplaintStory, case: Mapping[str, Any], handler: SignedIn) -> None:
    gate, path = story.system.gateway, f"/v1/mis-selling-cases/{case['id']}"
    head = await story.system.enter("department_head", "32")
    given = await gate.post(head, f"{path}/assignments", {"handler_person_id": handler.id}, version=case["version"])
    assert given.status_code == 201, given.text
    body = {"verified": True, "findings": WORDS[7]}
    found = await gate.post(handler, f"{path}/findings", body, version=given.json()["version"])
    assert found.status_code == 201, found.text


async def _answered(story: ComplaintStory, handler: SignedIn) -> dict[str, str]:
    gate = story.system.gateway
    await story.done(handler, "decisions", REPLY | {"findings": f"{WORDS[4]}，查勘迟到两日。"})
    letter = await gate.post(handler, f"{story.path}/letters", {"kind": "reply"})
    assert letter.status_code == 201, letter.text
    told = {"method": "phone", "notified_at": ago(), "proof_reference": "REC-1"}
    await story.done(handler, "notifications", told)
    agent = await story.system.enter("service_agent", "3201")
    asked = {"requested_at": ago(), "grounds": WORDS[5], "upload_ids": [await upload(story.system, agent)]}
    await story.done(agent, "reviews", asked)
    return {"/v1/complaints/{}/letters/{}": letter.json()["letter_id"]}


async def stored(system: System) -> dict[str, str]:
    """Service.table → all that its technical tables hold which others read: events, trail, history, work."""
    found = {}
    for name in system.workers:
        for table in ("outbox", "audit_entries", "history", "work_items"):
            found[f"{name}.{table}"] = str(await system.rows(name, kernel.tables[table].select()))
    return found
