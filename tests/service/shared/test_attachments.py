"""Files of records: what is taken, what is kept of it, and that nothing is kept of a refused one."""

from __future__ import annotations

import base64
import hashlib
import io
from collections.abc import Callable
from datetime import timedelta
from uuid import UUID, uuid4

import pytest
from PIL import Image
from structlog.testing import capture_logs

from shared import audit
from shared.attachments import attach_made, attachments
from shared.idempotency import RequestKey
from shared.settings import DeployableSettings
from tests.support import file_world, sample_files
from tests.support.file_world import NANJING, SUZHOU, Thing, World
from tests.support.tokens import actor

PDF = sample_files.pdf()


async def attached(world: World, content: bytes = PDF, name: str = "赔款计算书.pdf", **options: str) -> dict:
    made = await world.send(f"/v1/things/{await world.thing()}/attachments", content, name, data=options)
    assert made.status_code == 201, made.text
    return made.json()


def refused(answer, status: int, code: str) -> None:
    assert (answer.status_code, answer.json()["code"]) == (status, code), answer.text


async def nothing_kept(world: World) -> None:
    assert world.files() == []
    assert await world.rows(attachments) == []


async def test_a_pdf_is_attached_shown_listed_and_given_back_byte_for_byte(world: World) -> None:
    thing = await world.thing()
    made = await world.send(
        f"/v1/things/{thing}/attachments", PDF, "赔款计算书.pdf", data={"kind": "calculation_sheet"}
    )
    assert (made.status_code, made.headers["etag"]) == (201, '"1"')
    here = made.headers["location"]
    shown = await world.get(NANJING, here)
    told = shown.json()
    assert here == f"/v1/things/{thing}/attachments/{told['id']}"
    expected = {"kind": "calculation_sheet", "file_name": "赔款计算书.pdf", "media_type": "application/pdf",
                "size": len(PDF), "scan_state": "not_scanned", "version": 1, "org_path": "00.32.3201",
                "available_actions": []}  # fmt: skip
    assert {name: told[name] for name in expected} == expected
    assert (shown.headers["etag"], shown.headers["cache-control"]) == ('"1"', "private, no-store")
    listed = (await world.get(NANJING, f"/v1/things/{thing}/attachments")).json()["items"]
    assert [one["id"] for one in listed] == [told["id"]]
    assert "available_actions" not in listed[0]
    content = await world.get(NANJING, told["content_url"])
    assert content.content == PDF
    digest = base64.b64encode(hashlib.sha256(PDF).digest()).decode()
    assert content.headers["repr-digest"] == f"sha-256=:{digest}:"
    assert content.headers["content-type"] == "application/pdf"
    assert content.headers["x-content-type-options"] == "nosniff"
    assert content.headers["content-security-policy"] == "default-src 'none'; sandbox"
    name = "%E8%B5%94%E6%AC%BE%E8%AE%A1%E7%AE%97%E4%B9%A6.pdf"
    assert content.headers["content-disposition"] == (f"attachment; filename=\"document.pdf\"; filename*=UTF-8''{name}")


async def test_the_record_remembers_the_file_without_its_name(world: World) -> None:
    told = await attached(world, name="张三身份证.pdf")
    (line,) = await world.rows(audit.history)
    assert (line["action"], line["after"]["attachment_id"]) == ("attach", told["id"])
    assert "张三" not in str(line)


@pytest.mark.parametrize(
    ("kind", "media_type", "name"),
    [("JPEG", "image/jpeg", "现场.jpg"), ("PNG", "image/png", "现场.png"), ("HEIF", "image/jpeg", "现场.jpg")],
)
async def test_a_picture_is_redrawn_upright_without_place_and_words(
    world: World, kind: str, media_type: str, name: str
) -> None:
    sent = sample_files.picture(kind, (64, 32))
    told = await attached(world, sent, f"现场.{'heic' if kind == 'HEIF' else name[3:]}")
    assert (told["media_type"], told["file_name"]) == (media_type, name)
    kept = (await world.get(NANJING, told["content_url"])).content
    assert sample_files.PLACE in sent
    assert sample_files.PLACE not in kept
    with Image.open(io.BytesIO(kept)) as picture:
        assert picture.size == (32, 64)
        assert dict(picture.getexif()) == {}
        red, *_ = picture.convert("RGB").getpixel((16, 4))  # type: ignore[misc]
        assert red > 200


@pytest.mark.parametrize("what", sample_files.REFUSED)
async def test_what_is_no_sound_file_of_a_known_type_is_refused_and_not_kept(world: World, what: str) -> None:
    thing = await world.thing()
    answer = await world.send(f"/v1/things/{thing}/attachments", sample_files.REFUSED[what], "beautiful.pdf")
    refused(answer, 422, "attachment_type_refused")
    await nothing_kept(world)


async def test_the_type_comes_from_the_content_and_the_ending_follows_it(world: World) -> None:
    told = await attached(world, sample_files.picture("PNG"), "contract.pdf")
    assert (told["media_type"], told["file_name"]) == ("image/png", "contract.pdf.png")


@pytest.mark.parametrize(
    ("given", "shown"),
    [
        ("../../../etc/passwd", "passwd.pdf"), ("C:\\Users\\me\\报告.pdf", "报告.pdf"), ("a‮fdp.exe", "afdp.exe.pdf"),
        ("…/…", "….pdf"), ("  .pdf", "pdf.pdf"), ("x" * 400 + ".pdf", "x" * 150 + ".pdf"),
    ],
)  # fmt: skip
async def test_a_name_is_shown_without_path_and_marks_and_never_becomes_a_path(
    world: World, given: str, shown: str
) -> None:
    told = await attached(world, PDF, given)
    assert told["file_name"] == shown
    (path,) = world.files()
    assert path.name == told["id"]
    assert path.parent.parent == world.folder / "claims"


async def test_files_are_seen_with_their_record_and_by_nobody_else(world: World) -> None:
    told = await attached(world)
    (row,) = await world.rows(attachments)
    path = f"/v1/things/{row['record_id']}/attachments"
    refused(await world.send(path, PDF, who=SUZHOU), 404, "not_found")
    for address in (path, f"{path}/{told['id']}", told["content_url"]):
        refused(await world.get(SUZHOU, address), 404, "not_found")
    async with world.db.transaction(SUZHOU) as tx:
        assert (await tx.execute(attachments.select())).all() == []
    other = await world.thing()
    refused(await world.get(NANJING, f"/v1/things/{other}/attachments/{told['id']}"), 404, "not_found")
    stranger = actor("adjuster", "00.32.3201", name="Nanjing", permissions=frozenset())
    refused(await world.get(stranger, told["content_url"]), 403, "action_not_permitted")
    assert len(world.files()) == 1


async def test_files_follow_a_record_that_moves_to_another_unit(world: World) -> None:
    told = await attached(world)
    (row,) = await world.rows(attachments)
    async with world.db.transaction(actor("adjuster", "00.32", name="province")) as tx:
        (await tx.find(Thing, row["record_id"])).org_path = SUZHOU.scope
    path = f"/v1/things/{row['record_id']}/attachments/{told['id']}"
    refused(await world.get(NANJING, path), 404, "not_found")
    found = await world.get(SUZHOU, path)
    assert found.json()["org_path"] == SUZHOU.scope
    assert (await world.get(SUZHOU, found.json()["content_url"])).content == PDF


async def test_a_link_is_good_for_one_person_one_file_and_ten_minutes(
    world: World, later: Callable[[timedelta], None]
) -> None:
    told = await attached(world)
    (row,) = await world.rows(attachments)
    second = await world.send(f"/v1/things/{row['record_id']}/attachments", PDF)
    address, token = told["content_url"].split("?token=")
    for bad in ("x", "é", token[:-2], token[1:], second.json()["content_url"].split("?token=")[1]):
        refused(await world.get(NANJING, f"{address}?token={bad}"), 403, "attachment_link_invalid")
    colleague = actor("adjuster", "00.32.3201", name="colleague")
    refused(await world.get(colleague, told["content_url"]), 403, "attachment_link_invalid")
    refused(await world.get(NANJING, address), 422, "invalid_parameter")
    later(timedelta(minutes=9))
    assert (await world.get(NANJING, told["content_url"])).status_code == 200
    later(timedelta(minutes=11))
    refused(await world.get(NANJING, told["content_url"]), 403, "attachment_link_invalid")


@pytest.mark.parametrize(
    ("asked", "start", "end"),
    [
        ("bytes=0-99", 0, 100),
        ("bytes=590-", 590, 600),
        ("bytes=-7", 593, 600),
        ("bytes=0-99999", 0, 600),
        ("bytes=5-5", 5, 6),
    ],
)
async def test_one_range_is_honoured(world: World, asked: str, start: int, end: int) -> None:
    told = await attached(world)
    part = await world.get(NANJING, told["content_url"], headers={"Range": asked})
    assert (part.status_code, part.content) == (206, PDF[start:end])
    assert part.headers["content-range"] == f"bytes {start}-{end - 1}/600"
    assert part.headers["content-length"] == str(end - start)
    whole = base64.b64encode(hashlib.sha256(PDF).digest()).decode()
    assert part.headers["repr-digest"] == f"sha-256=:{whole}:"


async def test_several_ranges_get_the_whole_and_one_beyond_the_end_is_refused(world: World) -> None:
    told = await attached(world)
    for asked in ({"Range": "bytes=0-1,5-6"}, {"Range": "bytes=9-2"}, {"Range": "lines=1-2"}, {"Range": "bytes=-"},
                  {"Range": "bytes=0-1", "If-Range": '"x"'}):  # fmt: skip
        found = await world.get(NANJING, told["content_url"], headers=asked)
        assert (found.status_code, found.content) == (200, PDF)
    for asked in ("bytes=600-", "bytes=-0"):
        beyond = await world.get(NANJING, told["content_url"], headers={"Range": asked})
        refused(beyond, 416, "range_not_satisfiable")
        assert beyond.headers["content-range"] == "bytes */600"


async def test_a_repeat_gets_the_first_answer_and_another_file_under_the_key_is_refused(world: World) -> None:
    path, key = f"/v1/things/{await world.thing()}/attachments", str(uuid4())
    photo = sample_files.picture(comment=b"one")
    another = sample_files.picture(comment=b"two")  # as long as the first
    first = await world.send(path, photo, "a.jpg", key=key)
    again = await world.send(path, photo, "a.jpg", key=key)
    assert (again.status_code, again.content) == (201, first.content)
    assert again.headers["idempotency-replayed"] == "true"
    refused(await world.send(path, PDF, "a.jpg", key=key), 422, "idempotency_key_reused")
    refused(await world.send(path, another, "a.jpg", key=key), 422, "idempotency_key_reused")
    refused(await world.send(path, photo, "a.jpg", data={"kind": "photo"}, key=key), 422, "idempotency_key_reused")
    assert len(world.files()) == len(await world.rows(attachments)) == 1


async def test_a_dry_run_checks_everything_and_keeps_nothing(world: World) -> None:
    path = f"/v1/things/{await world.thing()}/attachments?dry_run=true"
    would = await world.send(path, PDF)
    assert (would.status_code, would.json()["size"]) == (200, len(PDF))
    assert "content_url" not in would.json()
    refused(await world.send(path, b"GIF89a"), 422, "attachment_type_refused")
    await nothing_kept(world)


async def test_a_file_for_a_record_that_is_not_there_is_not_kept(world: World) -> None:
    refused(await world.send(f"/v1/things/{uuid4()}/attachments", PDF), 404, "not_found")
    await nothing_kept(world)


async def test_a_made_document_is_attached_clean_and_with_a_dry_run_not_at_all(world: World) -> None:
    thing = UUID(await world.thing())
    folder = world.folder
    for key in (RequestKey(route="x", dry_run=True), None):
        async with world.db.transaction(NANJING, key) as tx:
            record = await tx.find(Thing, thing)
            await attach_made(tx, folder, record, kind="notice", file_name="通知书.pdf", content=PDF)
        assert len(world.files()) == (0 if key else 1)
    (row,) = await world.rows(attachments)
    assert (row["kind"], row["scan_state"], row["record_id"]) == ("notice", "clean", thing)


async def test_unscanned_files_are_warned_of_once_at_start(settings: DeployableSettings) -> None:
    def warnings(logs: list) -> int:
        return sum(line["event"] == "attachments_are_not_scanned" for line in logs)

    with capture_logs() as logs:
        async with file_world.running(settings):
            pass
    assert warnings(logs) == 1
    with capture_logs() as logs:
        async with file_world.running(settings.model_copy(update={"attachment_scanner": "clamav"})):
            pass
    assert warnings(logs) == 0
