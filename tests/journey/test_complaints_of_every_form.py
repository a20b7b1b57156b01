"""A joint visit, a transfer of the regulator, a merger, a restart and a withdrawal."""

from __future__ import annotations

from tests.support.claim_life import MovedClock
from tests.support.complaint_story import taken_in, upload
from tests.support.complaint_world import REPLY, complaint
from tests.support.journeys import PUBLIC, ago, move, sold
from tests.support.system import System

BEGINS = "2026-05-11T09:00"


async def test_a_joint_visit_sends_five_at_most_and_is_answered(clock: MovedClock, system: System) -> None:
    agent = await system.enter("service_agent", "320102")
    reception = {"place": "客服柜面", "received_by_staff_no": [agent.login.upper()], "started_at": ago(minutes=50)}
    crowd = {"name": "司徒岚", "phone": "13800005555", "count": 30}
    people = [{"name": f"欧阳{n}", "phone": f"1380000111{n}"} for n in range(6)]
    visit = {"channel": "visit", "reception": reception, "complainant": crowd}
    six = complaint(**visit, representatives=people)
    refused = await system.gateway.post(agent, "/v1/complaints", six)
    assert (refused.status_code, refused.json()["errors"][0]["code"]) == (422, "too_many_representatives")
    bare = complaint(channel="visit", complainant=crowd, representatives=people[:5])
    refused = await system.gateway.post(agent, "/v1/complaints", bare)
    assert (refused.status_code, refused.json()["errors"][0]["code"]) == (422, "reception_required")
    story = await taken_in(system, "service_agent@320102", **visit, representatives=people[:5])
    read = await story.read()
    assert (read["org_path"], read["owner_path"]) == ("00.32.3201.320102", "00.32"), "taken in below, owned above"
    assert len(read["representatives"]) == 5
    assert not any(one["name"] in str(read) for one in people)
    officer = await story.in_work()
    reveal = {"field": "representatives.4.name", "purpose": "电话回访"}
    shown = await system.gateway.post(officer, f"{story.path}/reveals", reveal)
    assert (shown.status_code, shown.json()["value"]) == (201, "欧阳4")
    await story.answered(officer)
    assert (await story.read())["status"] == "notified"


async def test_a_transfer_of_the_regulator_is_the_branchs_wherever_it_arrives(
    clock: MovedClock, system: System
) -> None:
    policy = await sold(system, PUBLIC)
    office = await system.enter("service_agent", "00")
    about, transfer = (
        {"policy_no": policy["policy_no"]},
        {"authority": "江岚监管局", "document_no": "江保监转〔2026〕12号"},
    )
    bare = complaint(channel="regulator_transfer", about=about)
    refused = await system.gateway.post(office, "/v1/complaints", bare)
    assert (refused.status_code, refused.json()["errors"][0]["code"]) == (422, "transfer_required")
    transfer["answer_by_on"] = "2026-05-20"
    story = await taken_in(system, "service_agent@00", channel="regulator_transfer", about=about, transfer=transfer)
    read = await story.read()
    assert (read["owner_path"], read["org_path"], read["transfer"]) == ("00.32", "00.32", transfer)
    assert read["due_on"] == "2026-05-26", "the regulator's day stands beside the legal one and does not move it"
    await story.done("complaint_officer@32", "identity-checks", {"result": "confirmed"})
    await story.done("department_head@32", "assignments", {})
    officer = await story.officer()
    await story.done(officer, "investigations", {"step": "核查转办事项"})
    await story.answered(officer)
    letter = await system.gateway.post(officer, f"{story.path}/letters", {"kind": "reply"})
    assert letter.status_code == 201, letter.text


async def test_a_repeated_complaint_is_joined_and_new_facts_begin_the_period_anew(
    clock: MovedClock, system: System
) -> None:
    move(system, clock, "2026-06-01T09:00")
    kept, counted = await taken_in(system), await _counted(system)
    officer = await kept.in_work()
    move(system, clock, "2026-06-05T09:00")
    again = await taken_in(system)
    await again.done(await system.gateway.enter_as(officer.login), "merges", {"into": kept.told["id"]})
    joined, read = await again.read(), await kept.read()
    assert (joined["status"], joined["merged_into"], joined["due_on"]) == ("merged", read["id"], "2026-06-20")
    assert [one["due_on"] for one in read["clock"]["deadlines"]] == ["2026-06-16", "2026-06-20"]
    move(system, clock, "2026-06-12T09:00")
    officer = await system.gateway.enter_as(officer.login)
    facts = {"facts": "现场视频证明查勘员当日未到。", "received_on": "2026-06-12", "told_at": ago()}
    await kept.refused(422, "no_new_material", officer, "new-facts", facts)
    facts["upload_ids"] = [await upload(system, officer)]
    await kept.refused(422, "restart_not_told", officer, "new-facts", facts | {"told_at": None})
    await kept.done(officer, "new-facts", facts)
    assert (await kept.read())["due_on"] == "2026-06-27"
    facts["upload_ids"] = [await upload(system, officer)]
    await again.refused(409, "state_conflict", officer, "new-facts", facts)
    move(system, clock, "2026-06-26T09:00")
    await kept.answered(await system.gateway.enter_as(officer.login))
    assert await _counted(system) == counted + 1, "the joined one counts as well"
    assert await again.events() == ["registered", "withdrawn"]


async def _counted(system: System) -> int:
    head = await system.enter("department_head", "32")
    answer = await system.gateway.get(head, "/v1/complaints/statistics?group_by=unit&period=month")
    assert answer.status_code == 200, answer.text
    return answer.json()["total"]


async def test_a_withdrawal_ends_the_procedure_that_day_and_stays_counted(clock: MovedClock, system: System) -> None:
    move(system, clock, "2026-07-06T09:00")
    before = await _counted(system)
    story = await taken_in(system)
    officer = await story.in_work()
    early = {"withdrawn_at": ago(days=2), "reason": "客户来电撤诉"}
    await story.refused(422, "withdrawn_before_receipt", officer, "withdrawals", early)
    await story.done(officer, "withdrawals", early | {"withdrawn_at": ago()})
    assert (await story.items(), (await story.read())["status"]) == (set(), "withdrawn")
    await story.refused(409, "state_conflict", officer, "decisions", REPLY)
    await story.refused(409, "letter_not_due", officer, "letters", {"kind": "period"})
    move(system, clock, "2026-07-28T09:00")
    await system.tick("complaints")
    assert await story.events() == ["registered", "withdrawn"], "nothing is due any more"
    assert await _counted(system) == before + 1
