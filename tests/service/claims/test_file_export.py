"""The whole file as one archive: every hash of its manifest fits, and a damaged paper stops it."""

from __future__ import annotations

import hashlib
import io
import json
import zipfile
from typing import Any
from uuid import UUID, uuid4

import pytest
from sqlalchemy import text

from services.claims.file_export.handlers import FILE_EXPORT, carry_out
from services.claims.file_export.tables import FileExport
from shared.actor import Actor, machine
from shared.attachments import attachments
from shared.file_store import path_of
from shared.job_runner import Runner
from tests.support.claims_settled import NORTH, PROVINCE, SettledWorld, archivist
from tests.support.services import ServiceUnderTest
from tests.support.tokens import actor

HEAD = actor("department_head", PROVINCE)


@pytest.fixture
def world(claims: ServiceUnderTest) -> SettledWorld:
    return SettledWorld(claims)


def code(answer: Any) -> tuple[int, str]:
    return answer.status_code, answer.json()["code"]


async def paper(world: SettledWorld, claim_id: UUID, content: bytes) -> UUID:
    own = await world.attach(claim_id, content)
    path = path_of(world.service.app.state.settings.attachments_dir / "claims", own)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    return own


async def shelved(world: SettledWorld) -> tuple[UUID, list[UUID]]:
    claim_id = await world.closed()
    papers = [await paper(world, claim_id, content) for content in (b"first" * 100_000, b"second")]
    pages = [{"title": f"材料{at}", "attachment_id": str(one)} for at, one in enumerate(reversed(papers))]
    assert (await world.bind(claim_id, pages=pages)).status_code == 201
    late = await paper(world, claim_id, b"late")
    more = {"pages": [{"title": "补充", "attachment_id": str(late)}], "reason": "补交"}
    assert (await world.step(archivist(), claim_id, "file/supplements", more)).status_code == 201
    return claim_id, [*reversed(papers), late]


async def asked(world: SettledWorld, claim_id: UUID, who: Actor = HEAD) -> Any:
    return await world.service.post(who, f"/v1/claims/{claim_id}/file/exports", {"purpose": "司法机关调取"})


async def carried_out(world: SettledWorld, job: Any) -> Any:
    """The worker's pass, and what the job says of its one line."""
    made = carry_out(world.service.app.state.settings.attachments_dir)
    assert await Runner(world.service.db, {FILE_EXPORT: made}).run_once() == 1
    answer = await world.service.get(HEAD, f"/v1/jobs/claims/{job['id']}/results")
    return json.loads(answer.text)


async def test_every_hash_of_the_manifest_fits_what_the_archive_holds(world: SettledWorld) -> None:
    claim_id, papers = await shelved(world)
    answer = await asked(world, claim_id)
    assert (answer.status_code, answer.json()["state"]) == (202, "queued")
    line = await carried_out(world, answer.json())
    assert line["status"] == 200, line
    shown = (await world.service.get(HEAD, line["data"]["href"])).json()
    content = await world.service.get(HEAD, shown["content_url"])
    assert (content.status_code, content.headers["content-type"]) == (200, "application/zip")
    assert "attachment" in content.headers["content-disposition"]
    packed = zipfile.ZipFile(io.BytesIO(content.content))
    assert packed.testzip() is None
    manifest = json.loads(packed.read("manifest.json"))
    assert hashlib.sha256(packed.read("manifest.json")).hexdigest() == shown["manifest_sha256"]
    assert {one["name"] for one in manifest["files"]} | {"manifest.json"} == set(packed.namelist())
    for one in manifest["files"]:
        raw = packed.read(one["name"])
        assert (hashlib.sha256(raw).hexdigest(), len(raw)) == (one["sha256"], one["size"]), one["name"]
    in_order = [one["attachment_id"] for one in manifest["files"] if "attachment_id" in one]
    assert in_order == [str(one) for one in papers]
    volume = json.loads(packed.read("volume.json"))
    assert (volume["volume_no"], len(volume["supplements"])) == (manifest["volume_no"], 1)
    assert "欧阳岚" not in packed.read("claim.json").decode() + packed.read("history.json").decode()
    acts = [one["action"] for one in (await world.service.get(HEAD, f"/v1/claims/{claim_id}/history")).json()["items"]]
    assert {"request_file_export", "export_file"} <= set(acts)


async def test_the_archive_read_again_is_the_same_and_its_link_is_the_callers_own(world: SettledWorld) -> None:
    claim_id, _ = await shelved(world)
    line = await carried_out(world, (await asked(world, claim_id)).json())
    href = line["data"]["href"]
    url = (await world.service.get(HEAD, href)).json()["content_url"]
    first, second = [(await world.service.get(HEAD, url)).content for _ in range(2)]
    assert first == second
    other = actor("department_head", PROVINCE, name="another head")
    assert code(await world.service.get(other, url)) == (403, "attachment_link_invalid")
    assert code(await world.service.get(HEAD, f"{href}/content?token=x")) == (403, "attachment_link_invalid")
    assert code(await world.service.get(actor("department_head", "00.32.3201"), href)) == (404, "not_found")
    assert code(await world.service.get(HEAD, f"/v1/claims/{claim_id}/file/exports/{uuid4()}")) == (404, "not_found")


@pytest.mark.parametrize("damage", ["changed", "missing"])
async def test_a_damaged_paper_is_told_and_nothing_is_given_out(world: SettledWorld, damage: str) -> None:
    claim_id, papers = await shelved(world)
    path = path_of(world.service.app.state.settings.attachments_dir / "claims", papers[1])
    if damage == "changed":
        path.write_bytes(b"other")
    else:
        path.unlink()
    line = await carried_out(world, (await asked(world, claim_id)).json())
    assert (line["status"], line["problem"]["code"]) == (409, "file_damaged")
    assert line["problem"]["attachment_id"] == str(papers[1])
    assert await world.service.rows(FileExport.__table__) == []


async def test_an_unscanned_paper_waits(world: SettledWorld) -> None:
    claim_id, papers = await shelved(world)
    async with world.service.db.transaction(machine("claims")) as tx:
        pending = attachments.update().where(attachments.c.id == papers[0]).values(scan_state="pending")
        await tx.execute(pending)
    line = await carried_out(world, (await asked(world, claim_id)).json())
    assert line["problem"]["code"] == "attachment_scan_pending"


async def test_without_a_volume_or_the_right_there_is_no_archive(world: SettledWorld) -> None:
    claim_id = await world.closed()
    before = await world.traces()
    await world.refused(await asked(world, claim_id), "no_volume", before)
    assert code(await asked(world, claim_id, actor("surveyor", NORTH))) == (403, "action_not_permitted")
    assert code(await asked(world, claim_id, actor("department_head", "00.32.3201"))) == (404, "not_found")
    short = await world.service.post(HEAD, f"/v1/claims/{claim_id}/file/exports", {"purpose": "x"})
    assert short.status_code == 422


async def test_an_archive_that_was_given_out_stays_on_record(world: SettledWorld) -> None:
    claim_id, _ = await shelved(world)
    await carried_out(world, (await asked(world, claim_id)).json())
    for statement in ("update file_exports set purpose = 'x'", "delete from file_exports"):
        with pytest.raises(Exception, match="append-only"):
            await world.sql(f"{statement} where claim_id = :id", claim_id)
    async with world.service.db.transaction(machine("claims")) as tx:
        assert await tx.scalar(text("select count(*) from file_exports")) == 1
