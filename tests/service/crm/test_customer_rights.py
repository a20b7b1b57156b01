"""What a customer may ask of us: consent and objection, his own copy, deletion that freezes while the law keeps."""

from __future__ import annotations

import json
from datetime import date, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from sqlalchemy import text

from services.crm.customer.queries import reason_not_to_contact
from services.crm.customer.tables import Customer
from services.crm.data_copy.handlers import COPY, make_copy
from shared.actor import Actor, machine
from shared.clock import SHANGHAI, process_now, rfc3339
from shared.directory import directory_appointments, directory_persons
from shared.job_runner import Runner
from tests.support.crm_world import AGENT, C1, HEAD, SIBLING, CrmWorld, body
from tests.support.tokens import actor

BRANCH_AGENT = actor("service_agent", "00.32", name="branch-agent")
BRANCH_HEAD = actor("department_head", "00.32", name="branch-head")
CHILD = "110105201601010014"


def refused(answer: Any, status: int, code: str) -> dict[str, Any]:
    assert (answer.status_code, answer.json()["code"]) == (status, code), answer.text
    return answer.json()


async def customer(world: CrmWorld, **changes: Any) -> str:
    stated = {"kind": "person", "name": "欧阳岚", "id_type": "resident_id", "id_no": "11010519491231002X"}
    answer = await world.service.post(AGENT, "/v1/customers", stated | {"phone": "13800005678"} | changes)
    assert answer.status_code == 201, answer.text
    return answer.json()["id"]


async def act(world: CrmWorld, own: str, what: str, said: Any, who: Actor = AGENT) -> Any:
    [row] = await world.rows("customers", id=UUID(own))
    return await world.service.post(who, f"/v1/customers/{own}/{what}", said, version=row["version"])


async def reason(world: CrmWorld, own: str, purpose: str, channel: str | None) -> str | None:
    async with world.service.db.transaction(machine("crm")) as tx:
        return await reason_not_to_contact(tx, await tx.find(Customer, UUID(own)), purpose, channel)


async def test_the_newest_statement_on_a_purpose_and_channel_holds(world: CrmWorld) -> None:
    own = await customer(world)
    assert await reason(world, own, "marketing", "sms") == "do_not_contact", "marketing needs a consent first"
    assert await reason(world, own, "survey", "sms") is None
    agreed = {"purpose": "marketing", "granted": True, "source": "form"}
    assert (await act(world, own, "consents", agreed)).status_code == 201
    assert await reason(world, own, "marketing", "sms") is None
    no = {"purpose": "all", "channel": "phone", "granted": False, "source": "phone"}
    assert (await act(world, own, "consents", no)).status_code == 201
    assert await reason(world, own, "survey", "phone") == "do_not_contact"
    assert await reason(world, own, "survey", "email") is None
    told = (await world.service.get(AGENT, f"/v1/customers/{own}")).json()
    assert told["do_not_contact"] == ["all.phone"]
    assert {one["purpose"] for one in told["consents"]} == {"all", "marketing"}
    listed = (await world.service.get(AGENT, f"/v1/customers/{own}/consents")).json()["items"]
    assert [one["purpose"] for one in listed] == ["all", "marketing"]
    assert "crm.customer.changed.v1" not in await world.subjects()


@pytest.mark.parametrize(
    ("said", "code"),
    [
        ({"purpose": "survey", "given_at": "2099-01-01T00:00:00+08:00"}, "occurred_in_future"),
        ({"purpose": "survey", "given_at": "2020-01-01T00:00:00+08:00"}, "reason_required"),
        ({"purpose": "survey", "until_on": "2020-01-01"}, "validation_failed"),
        ({"purpose": "sensitive_data"}, "consent_evidence_required"),
        ({"purpose": "sensitive_data", "channel": "phone"}, "validation_failed"),
        ({"purpose": "unknown"}, "validation_failed"),
    ],
)  # fmt: skip
async def test_a_statement_that_cannot_be_right_is_refused(world: CrmWorld, said: dict[str, Any], code: str) -> None:
    own = await customer(world)
    refused(await act(world, own, "consents", {"granted": True, "source": "form"} | said), 422, code)
    assert await world.rows("customer_consents") == []


async def test_below_fourteen_the_guardian_speaks(world: CrmWorld) -> None:
    own = await customer(world, id_no=CHILD)
    said = {"purpose": "marketing", "granted": True, "source": "form"}
    refused(await act(world, own, "consents", said), 422, "guardian_consent_required")
    assert (await act(world, own, "consents", said | {"given_by": "guardian"})).status_code == 201
    objection = said | {"granted": False}
    assert (await act(world, own, "consents", objection)).status_code == 201, "a child may always say no"


async def test_a_request_for_deletion_freezes_while_a_contract_runs(world: CrmWorld) -> None:
    await world.put()
    policy = uuid4()
    await world.take(world.issued(policy))
    own, today = str(C1), process_now().astimezone(SHANGHAI)
    future = rfc3339(today + timedelta(days=1))
    refused(await act(world, own, "freezes", {"reason": "要求删除", "requested_at": future}, BRANCH_AGENT), 422,
            "occurred_in_future")  # fmt: skip
    refused(await act(world, own, "freezes", {"reason": "要求删除"}), 403, "action_not_permitted")
    frozen = await act(world, own, "freezes", {"reason": "要求删除"}, BRANCH_AGENT)
    assert frozen.status_code == 201, frozen.text
    assert "keep_until" not in frozen.json()
    assert frozen.json()["open"] == {"contracts": 1, "claims": 0, "complaints": 0}
    refused(await act(world, own, "freezes", {"reason": "再次"}, BRANCH_AGENT), 409, "customer_frozen")
    refused(await act(world, own, "consents", {"purpose": "survey", "granted": True, "source": "form"}), 409,
            "customer_frozen")  # fmt: skip
    reveal = await world.service.post(AGENT, f"/v1/customers/{own}/reveals", {"field": "phone", "purpose": "核对电话"})
    refused(reveal, 409, "customer_frozen")
    assert await reason(world, own, "survey", None) == "frozen"
    refused(await act(world, own, "erasures", {"reason": "期满"}, BRANCH_HEAD), 409, "retention_running")
    await world.take(world.event("policy.document.delivered.v1", policy, {
        "policy_id": str(policy), "item": "policy", "received_on": today.date().isoformat(), "days_taken": 1,
    }))  # fmt: skip
    assert len(await world.timeline()) == 2, "what still happens is stored"
    released = await act(world, own, "releases", {"reason": "客户撤回"}, BRANCH_AGENT)
    assert released.status_code == 201, released.text
    refused(await act(world, own, "releases", {"reason": "再次"}, BRANCH_AGENT), 409, "customer_not_frozen")
    assert (await world.service.get(AGENT, f"/v1/customers/{own}")).json()["frozen"] is False


async def test_what_nothing_keeps_is_erased_by_a_second_person(world: CrmWorld) -> None:
    await world.put()
    own = str(C1)
    frozen = await act(world, own, "freezes", {"reason": "要求删除"}, BRANCH_HEAD)
    assert frozen.json()["keep_until"] == process_now().astimezone(SHANGHAI).date().isoformat()
    refused(await act(world, own, "erasures", {"reason": "期满"}, BRANCH_HEAD), 403, "separation_of_duties")
    erased = await act(world, own, "erasures", {"reason": "期满"}, actor("department_head", "00", name="second"))
    assert erased.status_code == 201, erased.text
    [row] = await world.rows("customers", id=C1)
    assert [row[name] for name in ("name", "id_no", "id_digest", "phone", "phone_digest", "email", "address")] == [
        "—", None, None, None, None, None, None,
    ]  # fmt: skip
    assert await world.rows("customer_contacts") == []
    left = json.dumps([dict(one) for one in await world.rows("customer_versions")], default=str, ensure_ascii=False)
    assert "岚海商贸" not in left


async def test_a_copy_of_ones_data_is_a_job_for_whoever_asked(world: CrmWorld) -> None:
    await world.put()
    await world.take(world.issued(uuid4()), world.reported(uuid4()))
    path = f"/v1/customers/{C1}/copies"
    assert (await world.service.post(AGENT, path, {"purpose": "本人申请"})).status_code == 403
    asked = await world.service.post(BRANCH_AGENT, path, {"purpose": "本人持证申请"})
    assert asked.status_code == 202, asked.text
    await Runner(world.service.db, {COPY: make_copy}).run_once()
    results = await world.service.get(BRANCH_AGENT, f"/v1/jobs/crm/{asked.json()['id']}/results")
    href = json.loads(results.text.splitlines()[0])["data"]["href"]
    taken = await world.service.get(BRANCH_AGENT, href)
    told = taken.json()
    assert told["customer"]["name"] == "岚海商贸有限公司"
    assert told["contacts"][0]["phone"] == "13800009999"
    assert {one["kind"] for one in told["timeline"]} == {"policy.policy.issued", "claims.claim.reported"}
    assert {"return_visits", "findings"} <= set(told)
    refused(await world.service.get(BRANCH_HEAD, href), 404, "not_found")
    acts = [one["action"] for one in await world.rows("audit_entries") if "copy" in one["action"]]
    assert sorted(acts) == ["make_copy", "request_copy", "take_copy"]
    assert "岚海商贸" not in results.text


async def test_a_note_asks_those_it_mentions_and_is_no_new_version(world: CrmWorld) -> None:
    own = await customer(world)
    path = f"/v1/customers/{own}/notes"
    written = await world.service.post(AGENT, path, {"text": "客户希望下午联系"})
    assert written.status_code == 201, written.text
    assert written.json()["customer"]["version"] == 1
    refused(await world.service.post(AGENT, path, {"text": "请看", "mentions": [str(uuid4())]}), 422,
            "reference_not_found")  # fmt: skip
    refused(await world.service.post(SIBLING, path, {"text": "看"}), 404, "not_found")
    listed = (await world.service.get(HEAD, path)).json()["items"]
    assert [one["text"] for one in listed] == ["客户希望下午联系"]
    async with world.service.db.transaction(machine("crm")) as tx:
        assert await tx.scalar(text("select count(*) from history where after::text like '%下午%'")) == 0


async def test_a_dry_run_shows_no_address_of_what_was_not_stored(world: CrmWorld) -> None:
    stated = {"kind": "person", "name": "欧阳岚", "id_type": "resident_id", "id_no": "11010519491231002X"}
    answer = await world.service.post(AGENT, "/v1/customers?dry_run=true", stated)
    assert answer.status_code == 200, answer.text
    told = answer.json()
    assert "id" not in told
    assert told["available_actions"] == []
    assert await world.rows("customers") == []


async def test_every_table_with_a_customer_follows_a_merge_or_is_named_as_staying(world: CrmWorld) -> None:
    await world.put()
    await world.put("C0002", **body(name="岚海贸易有限公司", phone="13900002222"))
    note = await world.service.post(AGENT, f"/v1/customers/{C1}/notes", {"text": "旧记录"})
    assert note.status_code == 201
    assert (await act(world, str(C1), "consents", {"purpose": "survey", "granted": False, "source": "phone"})
            ).status_code == 201  # fmt: skip
    [kept] = await world.rows("customers", core_no="C0002")
    merged = await act(world, str(kept["id"]), "merges", {"merged_id": str(C1), "reason": "同一单位"}, HEAD)
    assert merged.status_code == 201, merged.text
    await world.take(world.issued(uuid4()))
    shown = (await world.service.get(AGENT, f"/v1/customers/{kept['id']}")).json()
    assert shown["do_not_contact"] == ["survey"]
    for table in ("customer_notes", "customer_consents", "timeline_entries", "record_references", "customer_contacts"):
        assert {one["customer_id"] for one in await world.rows(table)} == {kept["id"]}, table
    assert {one["customer_id"] for one in await world.rows("customer_versions")} == {C1, kept["id"]}


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"team_code": "320104-T01"}, "team_of_other_unit"),
        ({"manager_staff_no": "S-BESIDE"}, "manager_of_other_unit"),
        ({"unit_code": "3200"}, "area_of_other_unit"),
    ],
)  # fmt: skip
async def test_a_customer_is_served_by_one_unit_its_team_and_its_staff(
    world: CrmWorld, changes: dict[str, Any], code: str
) -> None:
    await staff_beside(world)
    own = await customer(world, area_code="320102")
    said = {"unit_code": "320102", "reason": "归属调整"} | changes
    answer = await act(world, own, "assignments", said, BRANCH_HEAD)
    assert answer.status_code == 422, answer.text
    assert [one["code"] for one in answer.json()["errors"]] == [code]
    assert len(await world.rows("customer_assignments")) == 1


async def staff_beside(world: CrmWorld) -> None:
    """A team and a manager of the unit beside, as the organisation tells of them."""
    beside, day = uuid4(), "2020-01-01"
    async with world.service.db.transaction(machine("crm")) as tx:
        teams = '[{"team_code": "320104-T01", "from": "2020-01-01", "to": null}]'
        await tx.execute(text("update directory_units set teams = cast(:teams as jsonb) where code = '320104'"),
                         {"teams": teams})  # fmt: skip
        await tx.execute(directory_persons.insert().values(
            person_id=beside, staff_no="S-BESIDE", active=True, digests=[], record_version=1))  # fmt: skip
        await tx.execute(directory_appointments.insert().values(
            appointment_id=uuid4(), person_id=beside, staff_no="S-BESIDE", position="account_manager",
            unit_code="320104", path="00.32.3201.320104", from_on=date.fromisoformat(day), to_on=None,
            record_version=1))  # fmt: skip
