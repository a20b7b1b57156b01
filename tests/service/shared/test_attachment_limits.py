"""Files that are too large, too many, broken off, or find no room: told as such, and nothing is left of them."""

from __future__ import annotations

import resource
import shutil
import subprocess
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path

import pytest

from shared.attachments import attachments
from shared.receiving import MAX_FILE_BYTES, MAX_REQUEST_BYTES
from shared.settings import DeployableSettings
from tests.support import file_world, sample_files
from tests.support.file_world import NANJING, World

PDF = sample_files.pdf()


def refused(answer, status: int, code: str) -> None:
    assert (answer.status_code, answer.json()["code"]) == (status, code), answer.text


async def nothing_kept(world: World) -> None:
    assert world.files() == []
    assert await world.rows(attachments) == []


async def test_empty_too_large_missing_double_and_unknown_forms_are_refused(world: World) -> None:
    path = f"/v1/things/{await world.thing()}/attachments"
    refused(await world.send(path, b""), 422, "validation_failed")
    refused(await world.send(path, b"%PDF-" + bytes(MAX_FILE_BYTES)), 413, "body_too_large")
    refused(await world.send(path, b"%PDF-" + bytes(MAX_FILE_BYTES + 200_000)), 413, "body_too_large")
    refused(
        await world.call(NANJING, "POST", path, data={"kind": "photo"}, files={"x": (None, "")}),
        422,
        "unknown_property",
    )
    two = [("file", ("a.pdf", PDF)), ("file", ("b.pdf", PDF))]
    refused(await world.call(NANJING, "POST", path, files=two), 400, "malformed_request")
    refused(await world.call(NANJING, "POST", path, {"file": "x"}), 415, "unsupported_media_type")
    refused(await world.send(path, PDF, data={"kind": "../x"}), 422, "validation_failed")
    boundary = {"Content-Type": "multipart/form-data; boundary=b"}
    no_file = b'--b\r\nContent-Disposition: form-data; name="kind"\r\n\r\nphoto\r\n--b--\r\n'
    refused(await world.call(NANJING, "POST", path, headers=boundary, content=no_file), 422, "validation_failed")
    cut_off = b'--b\r\nContent-Disposition: form-data; name="file"; filename="a.pdf"\r\n\r\n' + PDF
    refused(await world.call(NANJING, "POST", path, headers=boundary, content=cut_off), 400, "malformed_request")
    refused(await world.call(NANJING, "POST", path, headers=boundary, content=b"no form"), 400, "malformed_request")
    refused(await world.send(path, PDF, headers={"Idempotency-Key": ""}), 400, "idempotency_key_missing")
    await nothing_kept(world)


async def test_a_body_without_a_stated_length_is_refused_when_it_has_become_too_large(world: World) -> None:
    async def endless() -> AsyncIterator[bytes]:
        yield b'--b\r\nContent-Disposition: form-data; name="file"; filename="a.pdf"\r\n\r\n%PDF-'
        for sent in count(1):
            assert sent < 40, "the service reads on"
            yield bytes(1_000_000)

    path = f"/v1/things/{await world.thing()}/attachments"
    form, document = {"Content-Type": "multipart/form-data; boundary=b"}, {"Content-Type": "application/json"}
    answer = await world.call(NANJING, "POST", path, headers=form, content=endless())
    refused(answer, 413, "body_too_large")
    assert answer.json()["max_bytes"] == MAX_REQUEST_BYTES
    refused(await world.call(NANJING, "POST", "/v1/things", headers=document, content=endless()), 413, "body_too_large")
    await nothing_kept(world)


async def test_a_record_has_no_more_files_than_its_limit(settings: DeployableSettings) -> None:
    async with file_world.running(settings, at_most=2) as world:
        path = f"/v1/things/{await world.thing()}/attachments"
        for _ in range(2):
            assert (await world.send(path, PDF)).status_code == 201
        third = await world.send(path, PDF)
        refused(third, 409, "attachment_limit_reached")
        assert third.json()["limit"] == 2
        assert len(world.files()) == 2


@contextmanager
def small_disk(folder: Path, size: int) -> Iterator[None]:
    """A file system of `size` bytes at `folder`; where this user may mount none, a limit on the size of any file."""
    folder.mkdir(parents=True)
    command = ["mount", "-t", "tmpfs", "-o", f"size={size}", "tmpfs", str(folder)]
    if shutil.which("mount") and subprocess.run(command, capture_output=True, check=False).returncode == 0:
        try:
            yield
        finally:
            subprocess.run(["umount", str(folder)], check=True)
    else:
        with small_files(size):
            yield


@contextmanager
def small_files(size: int) -> Iterator[None]:
    """No file of this process may grow beyond `size` bytes."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


@pytest.mark.fault("F27")
@pytest.mark.parametrize("size", [900_000, 3_000_000])
async def test_a_full_disk_is_told_and_leaves_neither_file_nor_row(world: World, size: int) -> None:
    thing = await world.thing()
    with small_disk(world.folder, 256 * 1024):
        refused(await world.send(f"/v1/things/{thing}/attachments", sample_files.pdf(size)), 507, "storage_full")
        await nothing_kept(world)
        assert (await world.send(f"/v1/things/{thing}/attachments", PDF)).status_code == 201
        assert len(world.files()) == 1


@pytest.mark.fault("F27")
async def test_a_disk_that_fills_while_the_form_arrives_is_told_too(world: World) -> None:
    thing = await world.thing()
    with small_files(2_000_000):
        answer = await world.send(f"/v1/things/{thing}/attachments", sample_files.pdf(3_000_000))
    refused(answer, 507, "storage_full")
    await nothing_kept(world)
