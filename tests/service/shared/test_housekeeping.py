"""Housekeeping takes what nobody can use any more, and nothing else."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import text
from structlog.testing import capture_logs

from shared.attachments import attachments
from shared.file_store import part_of, path_of
from shared.housekeeping import housekeeping
from shared.idempotency import stored_answers
from shared.ids import uuid7
from shared.job_runner import Runner
from shared.jobs import job_lines, jobs
from shared.ticks import run_once
from tests.support import sample_files
from tests.support.file_world import KIND, NANJING, World, import_thing

PDF = sample_files.pdf()


async def keep_house(world: World, batch: int = 200) -> int:
    return await run_once(world.db, housekeeping(world.folder), batch=batch)


def aged(path: Path, hours: float) -> Path:
    moment = time.time() - hours * 3600
    os.utime(path, (moment, moment))
    return path


async def uploaded(world: World) -> Path:
    made = await world.send("/v1/things/uploads", PDF)
    return path_of(world.folder / "claims", UUID(made.json()["id"]))


async def test_answers_are_kept_as_long_as_their_keys_and_no_longer(
    world: World, later: Callable[[timedelta], None]
) -> None:
    for _ in range(5):
        await world.thing()
    later(timedelta(hours=23))
    await world.thing()
    assert await keep_house(world) == 0
    later(timedelta(hours=25))
    assert await keep_house(world, batch=2) == 5
    assert len(await world.rows(stored_answers)) == 1


async def test_a_job_goes_with_its_lines_a_week_after_its_end_in_bounded_batches(
    world: World, later: Callable[[timedelta], None]
) -> None:
    lines = [f'{{"name": "t{n}"}}' for n in range(7)]
    old = (await world.import_lines(*lines)).json()["id"]
    await Runner(world.db, {KIND: import_thing}).run_once()
    later(timedelta(days=2))
    waiting = (await world.import_lines('{"name": "waits"}')).json()["id"]
    await keep_house(world)
    assert {str(row["id"]) for row in await world.rows(jobs)} == {old, waiting}
    later(timedelta(days=8))
    assert await keep_house(world, batch=3) > 7
    assert [str(row["id"]) for row in await world.rows(jobs)] == [waiting]
    assert [str(row["job_id"]) for row in await world.rows(job_lines)] == [waiting]


async def test_an_upload_without_a_record_goes_with_its_file_after_a_day(
    world: World, later: Callable[[timedelta], None]
) -> None:
    used, unused = await uploaded(world), await uploaded(world)
    attached = await world.send(f"/v1/things/{await world.thing()}/attachments", PDF)
    made = await world.post(NANJING, "/v1/things", {"name": "x", "upload_ids": [used.name]})
    assert made.status_code == attached.status_code == 201
    later(timedelta(hours=23))
    await keep_house(world)
    assert unused.exists()
    later(timedelta(hours=25))
    fresh = await uploaded(world)
    await keep_house(world)
    kept = {used.name, fresh.name, attached.json()["id"]}
    assert {path.name for path in world.files()} == kept
    assert {str(row["id"]) for row in await world.rows(attachments)} == kept


async def test_drafts_and_files_without_a_row_go_after_an_hour_and_files_with_a_row_stay(world: World) -> None:
    folder = world.folder / "claims"
    kept = aged(await uploaded(world), 30)
    new_part, old_part = part_of(folder, uuid7()), part_of(folder, uuid7())
    new_orphan, old_orphan = path_of(folder, uuid7()), path_of(folder, uuid7())
    for path in (new_part, old_part, new_orphan, old_orphan):
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(PDF)
    aged(old_part, 1.1), aged(new_part, 0.9), aged(old_orphan, 1.1), aged(new_orphan, 0.9)
    with capture_logs() as logs:
        assert await keep_house(world) == 2
    assert world.files() == sorted((kept, new_part, new_orphan))
    assert [line["count"] for line in logs if line["event"] == "files_without_row"] == [1]


async def test_the_files_of_another_deployable_in_the_same_folder_are_left_alone(world: World) -> None:
    foreign = path_of(world.folder / "policy", uuid7())
    foreign.parent.mkdir(parents=True)
    foreign.write_bytes(PDF)
    aged(foreign, 5)
    await keep_house(world)
    assert foreign.exists()


async def test_the_inbox_is_never_emptied(world: World, later: Callable[[timedelta], None]) -> None:
    async with world.db.transaction(NANJING) as tx:
        await tx.execute(text("delete from inbox"))
        row: dict[str, Any] = {"id": uuid4(), "at": tx.now}
        await tx.execute(text("insert into inbox values ('claims.x', :id, :at)"), row)
    later(timedelta(days=400))
    await keep_house(world)
    async with world.db.transaction(NANJING) as tx:
        assert await tx.scalar(text("select count(*) from inbox")) == 1
