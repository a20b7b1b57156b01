"""Customers entered, found, changed and shown here: numbers checked, values masked, reveals on record."""

from __future__ import annotations

import asyncio
import json
from typing import Any
from uuid import uuid4

import pytest

from shared.actor import Actor
from tests.support.crm_world import AGENT, C1, CANARIES, CENTRAL, HEAD, SIBLING, SUB, CrmWorld, body
from tests.support.tokens import actor

VALID = "11010519491231002X"
SELLER = actor("sales_agent", SUB)


def entry(**changes: Any) -> dict[str, Any]:
    stated = {"kind": "person", "name": "欧阳岚", "id_type": "resident_id", "id_no": VALID, "phone": "13800005678"}
    return stated | changes


async def enter(world: CrmWorld, who: Actor = AGENT, **changes: Any) -> Any:
    return await world.service.post(who, "/v1/customers", entry(**changes))


async def patch(world: CrmWorld, customer: Any, said: Any, version: int = 1, who: Actor = AGENT, **headers: str) -> Any:
    sent = {"Content-Type": "application/merge-patch+json", **headers}
    return await world.service.call(who, "PATCH", f"/v1/customers/{customer}", said, version=version, headers=sent)


def refused(answer: Any, status: int, code: str) -> dict[str, Any]:
    assert (answer.status_code, answer.json()["code"]) == (status, code), answer.text
    return answer.json()


async def test_a_customer_entered_here_is_masked_told_and_served_by_the_callers_unit(world: CrmWorld) -> None:
    answer = await enter(world, contacts=[{"name": "司徒海", "role": "spouse", "phone": "13900001111"}])
    assert answer.status_code == 201, answer.text
    told = answer.json()
    assert {name: told[name] for name in ("name", "id_no", "phone", "unit_code", "org_path", "version")} == {
        "name": "欧阳*", "id_no": "110***********002X", "phone": "138****5678", "unit_code": "320102",
        "org_path": SUB, "version": 1,
    }  # fmt: skip
    assert told["masked"] == ["name", "id_no", "phone", "contacts.0.name", "contacts.0.phone"]
    assert [one["source"] for one in told["assignments"]] == ["here"]
    assert await world.subjects() == ["crm.customer.registered.v1"]
    read = await world.service.get(AGENT, answer.headers["location"])
    assert read.json() == told


@pytest.mark.parametrize(
    ("changes", "code", "pointer"),
    [
        ({"id_no": "110105194912310021"}, "id_check_sign", "#/id_no"),
        ({"id_type": "uscc"}, "id_type_of_other_kind", "#/id_type"),
        ({"id_no": None}, "id_incomplete", "#/id_no"),
        ({"name": " "}, "name_required", "#/name"),
        ({"phone": "123"}, "phone_format", "#/phone"),
        ({"contacts": [{"name": "甲", "role": "leader", "phone": "1"}]}, "phone_format", "#/contacts/0/phone"),
        ({"unit_code": "320104"}, "reference_not_found", "#/unit_code"),
        ({"unit_code": "999999"}, "reference_not_found", "#/unit_code"),
        ({"team_code": "T9"}, "reference_not_found", "#/team_code"),
        ({"manager_staff_no": "S9"}, "reference_not_found", "#/manager_staff_no"),
    ],
)  # fmt: skip
async def test_wrong_numbers_and_unknown_people_are_refused(
    world: CrmWorld, changes: dict[str, Any], code: str, pointer: str
) -> None:
    answer = await enter(world, **changes)
    assert answer.status_code == 422
    assert (code, pointer) in {(one["code"], one["pointer"]) for one in answer.json()["errors"]}
    assert await world.rows("customers") == await world.rows("outbox") == []


async def test_somebody_known_is_not_entered_twice_and_a_shared_phone_is_only_shown(world: CrmWorld) -> None:
    first = (await enter(world)).json()
    again = refused(await enter(world, id_no="１１０１０５ 19491231 002x"), 409, "customer_known")
    assert again["customer_id"] == first["id"]
    other = await enter(world, name="欧阳海", id_type=None, id_no=None, phone="+86 138-0000-5678")
    assert other.json()["possible_duplicates"] == [{"customer_id": first["id"], "matched_on": ["phone"]}]
    unseen = await enter(world, who=SIBLING)
    assert (unseen.status_code, unseen.json()["possible_duplicates"]) == (201, [])


async def test_the_same_customer_entered_twice_with_one_key_is_one(world: CrmWorld) -> None:
    answers = [await world.service.post(AGENT, "/v1/customers", entry(), key="k") for _ in range(2)]
    assert answers[0].content == answers[1].content
    assert len(await world.rows("customers")) == 1


async def test_customers_are_found_by_name_number_and_phone_through_a_body_alone(world: CrmWorld) -> None:
    own = (await enter(world)).json()["id"]
    await enter(world, name="令狐某", id_type=None, id_no=None, phone="13811112222")
    for said in (
        {"name": "欧阳"},
        {"id_no": "110105 19491231 002x"},
        {"phone": "86 138 0000 5678".replace("86 ", "+86")},
    ):
        found = await world.service.post(AGENT, "/v1/customers/searches", said)
        assert [one["id"] for one in found.json()["items"]] == [own], said
        assert found.json()["items"][0]["name"] == "欧阳*"
        hidden = await world.service.post(SIBLING, "/v1/customers/searches", said)
        assert hidden.json()["items"] == []
    assert (await world.service.post(AGENT, "/v1/customers/searches", {"name": "%"})).json()["items"] == []
    in_address = await world.service.get(AGENT, "/v1/customers?name=欧阳岚")
    refused(in_address, 422, "unknown_parameter")
    assert (await world.service.get(AGENT, "/v1/customers?q=欧阳")).json()["items"] == []


async def test_a_patch_changes_what_it_names_and_null_removes(world: CrmWorld) -> None:
    own = (await enter(world, note="旧备注")).json()["id"]
    answer = await patch(world, own, {"preferred_channel": "phone", "note": None, "phone": "13811112222"})
    assert (answer.status_code, answer.headers["etag"]) == (200, '"2"'), answer.text
    told = answer.json()
    assert (told["phone"], told["preferred_channel"], "note" in told) == ("138****2222", "phone", False)
    [line] = [one for one in await world.rows("history") if one["action"] == "change"]
    assert line["after"] == {"preferred_channel": "phone", "changed": ["note", "phone", "preferred_channel"]}
    found = await world.service.post(AGENT, "/v1/customers/searches", {"phone": "13811112222"})
    assert [one["id"] for one in found.json()["items"]] == [own]
    refused(await patch(world, own, {"phone": "1"}, 2), 422, "validation_failed")
    refused(await patch(world, own, {"name": None}, 2), 422, "validation_failed")
    refused(await patch(world, own, {"status": "x"}, 2), 422, "unknown_property")
    refused(await patch(world, own, {"note": "x"}, 1), 412, "version_stale")
    assert (await world.rows("customers"))[0]["version"] == 2


async def test_a_patch_that_is_no_merge_patch_is_told_what_is_taken(world: CrmWorld) -> None:
    own = (await enter(world)).json()["id"]
    answer = await patch(world, own, {"note": "x"}, **{"Content-Type": "application/json"})
    refused(answer, 415, "unsupported_media_type")
    assert answer.headers["accept-patch"] == "application/merge-patch+json"
    headers = {"Content-Type": "application/merge-patch+json"}
    headers["Authorization"] = answer.request.headers["authorization"]
    said = json.dumps({"note": "x"})
    missing = await world.service.client.patch(f"/v1/customers/{own}", content=said, headers=headers)
    refused(missing, 428, "if_match_missing")


async def test_what_the_core_system_states_is_changed_there_alone_and_what_was_agreed_here_stays(
    world: CrmWorld,
) -> None:
    await world.put(**body())
    told = refused(await patch(world, C1, {"phone": "13811112222", "note": "x"}), 409, "owned_by_core")
    assert told["fields"] == ["phone"]
    assert (await patch(world, C1, {"preferred_channel": "email", "note": "请发邮件"})).status_code == 200
    await world.put(**body(2, preferred_channel="phone", phone="02500000003"))
    [row] = await world.rows("customers")
    assert (row["preferred_channel"], row["note"], row["phone"]) == ("email", "请发邮件", "02500000003")


async def test_two_patches_at_once_leave_one(world: CrmWorld) -> None:
    own = (await enter(world)).json()["id"]
    answers = await asyncio.gather(*(patch(world, own, {"note": f"{n}"}) for n in range(3)))
    assert sorted(one.status_code for one in answers) == [200, 412, 412]


async def test_a_reveal_shows_one_value_for_a_purpose_and_stays_on_record(world: CrmWorld) -> None:
    await world.put(**body())
    path = f"/v1/customers/{C1}/reveals"
    for field, value in {"id_no": "91320100MA00000000", "contacts.0.phone": "13800009999"}.items():
        answer = await world.service.post(AGENT, path, {"field": field, "purpose": "payee_check"})
        assert (answer.status_code, answer.json()["value"]) == (201, value)
    assert [one["action"] for one in await world.rows("audit_entries", object_id=C1)].count("reveal") == 2
    line = next(one for one in await world.rows("history") if one["action"] == "reveal")
    assert (line["after"], line["reason"]) == ({"field": "id_no"}, "payee_check")
    refused(await world.service.post(AGENT, path, {"field": "unit_code", "purpose": "look"}), 422, "validation_failed")
    refused(await world.service.post(AGENT, path, {"field": "id_no"}), 422, "validation_failed")
    refused(await world.service.post(HEAD, path, {"field": "id_no", "purpose": "look"}), 403, "action_not_permitted")
    refused(await world.service.post(SIBLING, path, {"field": "id_no", "purpose": "look"}), 404, "not_found")


async def test_no_answer_but_a_reveal_holds_a_personal_value(world: CrmWorld) -> None:
    await world.put(**body())
    visit = await world.visit()
    for path in (
        f"/v1/customers/{C1}", "/v1/customers", f"/v1/customers/{C1}/timeline", f"/v1/customers/{C1}/history",
        f"/v1/return-visits/{visit['id']}", "/v1/return-visits", f"/v1/return-visits/{visit['id']}/history",
    ):  # fmt: skip
        text = (await world.service.get(AGENT, path)).text
        assert not [value for value in CANARIES if value in text], path


async def test_the_log_names_nobody(world: CrmWorld, capsys: pytest.CaptureFixture[str]) -> None:
    await world.put(**body())
    await world.service.post(AGENT, "/v1/customers/searches", {"name": "岚海商贸", "phone": "02500000001"})
    await world.service.post(AGENT, f"/v1/customers/{C1}/reveals", {"field": "phone", "purpose": "call_back"})
    await enter(world, name="诸葛隐秘", phone="99")
    written = "".join(capsys.readouterr())
    assert "answered" in written
    assert not [value for value in CANARIES if value in written]


async def test_an_assignment_ends_the_one_before_and_takes_the_customer_out_of_sight(world: CrmWorld) -> None:
    await world.put(**body())
    path = f"/v1/customers/{C1}/assignments"
    same = {"unit_code": "320102", "reason": "核对"}
    refused(await world.service.post(HEAD, path, same, version=1), 409, "assignment_unchanged")
    unseen = {"unit_code": "320205", "reason": "外市"}
    refused(await world.service.post(HEAD, path, unseen, version=1), 422, "reference_not_found")
    refused(await world.service.post(AGENT, path, same, version=1), 403, "action_not_permitted")
    moved = await world.service.post(HEAD, path, {"unit_code": "320104", "reason": "就近服务"}, version=1)
    assert (moved.status_code, moved.json()["customer"]) == (201, {"id": str(C1), "version": 2})
    assert (await world.service.get(AGENT, f"/v1/customers/{C1}")).status_code == 404
    found = (await world.service.get(SIBLING, f"/v1/customers/{C1}")).json()
    assert [(one["unit_code"], one["source"], "to_at" in one) for one in found["assignments"]] == [
        ("320104", "here", False), ("320102", "core", True),
    ]  # fmt: skip
    assert (await world.subjects())[-1] == "crm.customer.changed.v1"


async def test_contacts_are_added_and_those_of_the_core_are_replaced(world: CrmWorld) -> None:
    await world.put(**body())
    path = f"/v1/customers/{C1}/contacts"
    added = await world.service.post(
        AGENT, path, {"name": "端木海", "role": "leader", "phone": "13900001111"}, version=1
    )
    assert added.status_code == 201, added.text
    refused(
        await world.service.post(AGENT, path, {"name": "甲", "role": "x", "phone": "1"}, version=2),
        422,
        "validation_failed",
    )
    await world.put(**body(2, contacts=[]))
    found = (await world.service.get(AGENT, f"/v1/customers/{C1}")).json()
    assert [(one["source"], one["name"]) for one in found["contacts"]] == [("here", "端木*")]


async def test_two_records_of_one_person_are_merged_by_a_head_alone(world: CrmWorld) -> None:
    kept, gone = (await enter(world)).json()["id"], (await enter(world, id_type=None, id_no=None)).json()["id"]
    path = f"/v1/customers/{kept}/merges"
    said = {"merged_id": gone, "reason": "同一人"}
    refused(await world.service.post(AGENT, path, said, version=1), 403, "action_not_permitted")
    refused(await world.service.post(HEAD, path, said | {"merged_id": kept}, version=1), 422, "validation_failed")
    refused(
        await world.service.post(HEAD, path, said | {"merged_id": str(uuid4())}, version=1), 422, "reference_not_found"
    )
    answers = await asyncio.gather(*(world.service.post(HEAD, path, said, version=1) for _ in range(2)))
    assert sorted(one.status_code for one in answers) == [201, 412]
    refused(await world.service.post(HEAD, path, said, version=2), 409, "customer_merged")
    refused(await patch(world, gone, {"note": "x"}, 2), 409, "customer_merged")
    assert (await world.subjects()).count("crm.customer.merged.v1") == 1


async def test_what_may_be_done_is_what_happens(world: CrmWorld) -> None:
    own = (await enter(world)).json()["id"]
    for who in (AGENT, SELLER, HEAD, actor("auditor", "00"), actor("account_manager", CENTRAL)):
        shown = (await world.service.get(who, f"/v1/customers/{own}")).json()["available_actions"]
        assert {one["action"] for one in shown} == {
            "change", "add_contact", "assign", "merge", "state_consent", "freeze", "release", "erase", "copy",
            "write_note",
        }  # fmt: skip
        for one in shown:
            said: Any = {} if one["method"] == "PATCH" else {"unexpected": 1}
            headers = {"Content-Type": "application/merge-patch+json"} if one["method"] == "PATCH" else {}
            [row] = await world.rows("customers")
            answer = await world.service.call(
                who, one["method"], one["href"], said, version=row["version"], headers=headers
            )
            assert (answer.status_code != 403) == one["allowed"], (who.position, one)
