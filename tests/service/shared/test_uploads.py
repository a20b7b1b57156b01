"""A file before its record exists: good once, for whoever sent it, for a day."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import func, select

from shared.attachments import attachments, take_uploads
from tests.support import sample_files
from tests.support.file_world import NANJING, SUZHOU, Thing, World, make_thing
from tests.support.tokens import actor

PDF = sample_files.pdf()


async def uploaded(world: World, who: Any = NANJING) -> str:
    made = await world.send("/v1/things/uploads", PDF, "照片说明.pdf", who=who, data={"kind": "report"})
    assert made.status_code == 201, made.text
    return made.json()["id"]


async def make(world: World, *ids: str, who: Any = NANJING, refuse: bool = False) -> Any:
    body = {"name": uuid4().hex, "upload_ids": list(ids), "refuse": refuse}
    return await world.post(who, "/v1/things", body)


def refused_at(answer: Any, *pointers: str) -> None:
    assert (answer.status_code, answer.json()["code"]) == (422, "reference_not_found"), answer.text
    assert [one["pointer"] for one in answer.json()["errors"]] == list(pointers)


async def test_uploads_become_the_files_of_the_new_record(world: World) -> None:
    ids = [await uploaded(world), await uploaded(world)]
    thing = (await make(world, *ids)).json()["id"]
    listed = (await world.get(NANJING, f"/v1/things/{thing}/attachments")).json()["items"]
    assert [(one["id"], one["version"], one["kind"]) for one in listed] == [(one, 2, "report") for one in ids]
    assert (await world.get(NANJING, listed[0]["content_url"])).content == PDF


async def test_an_upload_is_told_with_its_end(world: World) -> None:
    told = (await world.send("/v1/things/uploads", PDF, "照片说明.pdf")).json()
    assert set(told) == {"id", "created_at", "kind", "file_name", "media_type", "size", "scan_state", "expires_at"}
    assert told["kind"] == "document"


async def test_an_upload_is_used_once(world: World) -> None:
    upload = await uploaded(world)
    assert (await make(world, upload)).status_code == 201
    refused_at(await make(world, upload), "#/upload_ids/0")
    twice = await uploaded(world)
    refused_at(await make(world, twice, twice), "#/upload_ids/1")


async def test_another_person_cannot_use_it_and_the_same_person_can_under_another_appointment(world: World) -> None:
    upload = await uploaded(world)
    refused_at(await make(world, str(uuid4()), upload, who=SUZHOU), "#/upload_ids/0", "#/upload_ids/1")
    colleague = actor("adjuster", "00.32.3201", name="colleague")
    refused_at(await make(world, upload, who=colleague), "#/upload_ids/0")
    moved = actor("adjuster", "00.32.3205", name="Nanjing")
    made = await make(world, upload, who=moved)
    assert made.status_code == 201
    (row,) = await world.rows(attachments)
    assert (str(row["record_id"]), row["org_path"]) == (made.json()["id"], "00.32.3205")


async def test_a_refused_record_leaves_the_upload_unused(world: World) -> None:
    upload = await uploaded(world)
    assert (await make(world, upload, refuse=True)).status_code == 409
    assert (await make(world, upload)).status_code == 201


async def test_an_upload_is_over_after_a_day(world: World, later: Callable[[timedelta], None]) -> None:
    first, second = await uploaded(world), await uploaded(world)
    later(timedelta(hours=23, minutes=59))
    assert (await make(world, first)).status_code == 201
    later(timedelta(hours=24, minutes=1))
    refused_at(await make(world, second), "#/upload_ids/0")


async def test_taking_uploads_does_not_widen_what_the_transaction_sees(world: World) -> None:
    await world.thing(who=SUZHOU)
    upload = await uploaded(world)
    async with world.db.transaction(NANJING) as tx:
        await take_uploads(tx, [UUID(upload)], await make_thing(tx, "mine"))
        assert await tx.scalar(select(func.count()).select_from(Thing)) == 1
