"""PostgreSQL from its wheel: what it asks for, what it leaves behind, and what it survives."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import asyncpg
import pytest

from embedded.engines.postgres import PostgresCluster, binaries
from embedded.engines.process import EngineRefused, EngineRunning, start_time

ROOT = Path(__file__).resolve().parents[3]


def _processes_in(directory: Path) -> set[int]:
    """Every process whose working directory lies in `directory`."""
    found = set()
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                where = (entry / "cwd").resolve(strict=True)
            except OSError:
                continue
            if where.is_relative_to(directory.resolve()):
                found.add(int(entry.name))
    return found


def _gone(pid: int, born: int, patience: float = 20.0) -> bool:
    deadline = time.monotonic() + patience
    while start_time(pid) == born and time.monotonic() < deadline:
        time.sleep(0.02)
    return start_time(pid) != born


async def _rows(cluster: PostgresCluster, statement: str) -> list[asyncpg.Record]:
    connection = await asyncpg.connect(cluster.dsn(), timeout=10)
    try:
        return await connection.fetch(statement)
    finally:
        await connection.close()


@pytest.fixture
def directory() -> Iterator[Path]:
    """Below a directory that nobody but its owner may enter, as a home directory is."""
    with tempfile.TemporaryDirectory(prefix="anlan-home-") as home:
        Path(home).chmod(0o700)
        yield Path(home) / "postgres"


@pytest.fixture
def cluster(directory: Path) -> Iterator[PostgresCluster]:
    made = PostgresCluster(directory, fast=True)
    made.start()
    yield made
    made.stop()


async def test_our_own_server_answers_as_durable_as_it_was_told_to_be(directory: Path) -> None:
    cluster = PostgresCluster(directory)
    cluster.start()
    try:
        await cluster.verify()
        names = ("fsync", "synchronous_commit", "full_page_writes", "max_connections", "password_encryption")
        found = {name: (await _rows(cluster, f"show {name}"))[0][0] for name in names}
    finally:
        assert cluster.stop()
    assert found == {
        "fsync": "on",
        "synchronous_commit": "on",
        "full_page_writes": "on",
        "max_connections": "200",
        "password_encryption": "scram-sha-256",
    }


async def test_a_strangers_nonce_is_refused(cluster: PostgresCluster) -> None:
    cluster.nonce = "anlan-of-another-start"
    with pytest.raises(EngineRefused, match="cluster_name"):
        await cluster.verify()


async def test_nobody_enters_without_the_password(cluster: PostgresCluster) -> None:
    where = {"host": "127.0.0.1", "port": cluster.port, "user": "postgres", "database": "postgres", "timeout": 10}
    with pytest.raises(asyncpg.InvalidPasswordError):
        await asyncpg.connect(**where, password="not-the-password")
    with pytest.raises(asyncpg.PostgresError, match="password"):
        await asyncpg.connect(**where, passfile="/nonexistent")
    stored = await _rows(cluster, "select rolpassword from pg_authid where rolname = 'postgres'")
    assert stored[0]["rolpassword"].startswith("SCRAM-SHA-256$")
    rules = await _rows(cluster, "select distinct auth_method from pg_hba_file_rules")
    assert [rule["auth_method"] for rule in rules] == ["scram-sha-256"]


async def test_it_listens_on_the_loopback_only_and_on_no_socket_file(cluster: PostgresCluster) -> None:
    settings = await _rows(
        cluster, "select current_setting('listen_addresses'), current_setting('unix_socket_directories')"
    )
    assert tuple(settings[0]) == ("127.0.0.1", "")


def test_the_password_is_readable_by_its_owner_only(cluster: PostgresCluster) -> None:
    modes = {path.name: path.stat().st_mode & 0o777 for path in cluster.directory.iterdir()}
    assert modes == {"data": 0o700, "lock": 0o600, "password": 0o600, "postgres.log": 0o600}
    assert cluster.password not in cluster.process.log.read_text(encoding="utf-8")


async def test_a_second_start_finds_the_data_of_the_first(cluster: PostgresCluster) -> None:
    await _rows(cluster, "create table kept (word text)")
    await _rows(cluster, "insert into kept values ('安澜')")
    first, password = cluster.nonce, cluster.password
    assert cluster.stop()

    again = PostgresCluster(cluster.directory, fast=True)
    again.start()
    try:
        assert [row["word"] for row in await _rows(again, "select word from kept")] == ["安澜"]
        assert again.password == password
        assert again.nonce != first
    finally:
        again.stop()


def test_a_stop_leaves_no_process(cluster: PostgresCluster) -> None:
    pid = cluster.process.pid
    family = _processes_in(cluster.directory)
    assert pid in family
    assert len(family) > 1
    assert cluster.stop()
    assert not _processes_in(cluster.directory)
    assert start_time(pid) != cluster.process.started_at
    assert not cluster.process.crashed


async def test_what_was_committed_survives_a_kill(directory: Path) -> None:
    cluster = PostgresCluster(directory)
    cluster.start()
    pid, born = cluster.process.pid, cluster.process.started_at
    await _rows(cluster, "create table kept as select generate_series(1, 1000) as n")
    os.kill(pid, signal.SIGKILL)
    assert _gone(pid, born)
    assert cluster.process.crashed
    cluster.start()
    try:
        assert (cluster.process.pid, cluster.process.started_at) != (pid, born)
        assert not cluster.process.crashed
        assert (await _rows(cluster, "select count(*) from kept"))[0][0] == 1000
    finally:
        assert cluster.stop()


def test_a_pid_file_that_names_a_living_stranger_does_not_hinder_the_start(cluster: PostgresCluster) -> None:
    cluster.stop()
    with subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"]) as stranger:
        stale = f"{stranger.pid}\n{cluster.data}\n1700000000\n{cluster.port}\n\n127.0.0.1\n\nready\n"
        (cluster.data / "postmaster.pid").write_text(stale, encoding="ascii")
        try:
            cluster.start()
            assert cluster.process.alive
        finally:
            stranger.kill()


def test_two_servers_never_share_a_directory(cluster: PostgresCluster) -> None:
    second = PostgresCluster(cluster.directory, fast=True)
    with pytest.raises(EngineRunning), second.process.held(patience=0.1):
        pass
    assert cluster.process.alive


def test_a_thread_that_may_end_early_cannot_start_it(directory: Path) -> None:
    refusals: list[Exception] = []

    def start() -> None:
        try:
            PostgresCluster(directory, fast=True).start()
        except EngineRefused as refusal:
            refusals.append(refusal)

    thread = threading.Thread(target=start)
    thread.start()
    thread.join()
    assert "main thread" in str(refusals[0])


def test_data_of_another_version_is_refused_untouched(cluster: PostgresCluster) -> None:
    cluster.stop()
    (cluster.data / "PG_VERSION").write_text("17\n", encoding="ascii")
    with pytest.raises(EngineRefused, match="PostgreSQL 17"):
        cluster.start()
    assert not cluster.process.alive


def test_it_shuts_down_cleanly_when_its_supervisor_is_killed(directory: Path) -> None:
    code = (
        "import sys, time; from pathlib import Path; from embedded.engines.postgres import PostgresCluster\n"
        "cluster = PostgresCluster(Path(sys.argv[1]), fast=True); cluster.start()\n"
        "print(cluster.process.pid, cluster.process.started_at, flush=True); time.sleep(600)"
    )
    with subprocess.Popen([sys.executable, "-c", code, str(directory)], cwd=ROOT, stdout=subprocess.PIPE) as supervisor:
        assert supervisor.stdout is not None
        pid, born = map(int, supervisor.stdout.readline().split())
        assert start_time(pid) == born
        supervisor.kill()
    assert _gone(pid, born)
    assert "database system is shut down" in (directory / "postgres.log").read_text(encoding="utf-8")


def test_nothing_outside_the_directory_changes(directory: Path) -> None:
    def surroundings() -> dict[str, tuple[int, int, int]]:
        watched = [
            *directory.parents,
            Path(sys.prefix),
            *Path(sys.prefix).parents,
            Path("/etc/passwd"),
            Path("/etc/group"),
        ]
        return {str(path): (path.stat().st_mode, path.stat().st_uid, path.stat().st_gid) for path in watched}

    before, accounts = surroundings(), Path("/etc/passwd").read_bytes()
    shared_memory = set(Path("/dev/shm").iterdir())
    cluster = PostgresCluster(directory, fast=True)
    cluster.start()
    during, new_memory = surroundings(), set(Path("/dev/shm").glob("PostgreSQL.*")) - shared_memory
    cluster.stop()
    assert before == during == surroundings()
    assert accounts == Path("/etc/passwd").read_bytes()
    assert not new_memory
    assert [path.name for path in directory.parent.iterdir()] == ["postgres"]


class TestAsRoot:
    """Only root has to leave root behind: elsewhere there is nothing to collect, and so nothing skipped."""

    __test__ = os.geteuid() == 0

    def test_the_server_is_not_root_where_it_lives_but_its_files_are_ours(self, cluster: PostgresCluster) -> None:
        uid_map = Path(f"/proc/{cluster.process.pid}/uid_map").read_text(encoding="ascii").split()
        assert uid_map == ["65534", "0", "1"]
        assert Path(f"/proc/{cluster.process.pid}/setgroups").read_text(encoding="ascii").strip() == "deny"
        assert {path.stat().st_uid for path in cluster.data.rglob("*")} == {0}

    def test_an_existing_account_stands_in_where_namespaces_are_refused(self) -> None:
        with tempfile.TemporaryDirectory(prefix="anlan-open-") as home:
            Path(home).chmod(0o755)
            cluster = PostgresCluster(Path(home) / "postgres", fast=True, isolation="account")
            if not all(folder.stat().st_mode & 0o001 for folder in binaries().parents):
                # the program itself lies where no other account may look: nothing is opened for it
                with pytest.raises(EngineRefused, match="Permission denied"):
                    cluster.start()
                return
            cluster.start()
            try:
                asyncio.run(cluster.verify())
                owner = cluster.data.stat().st_uid
                assert owner != 0
                assert Path(f"/proc/{cluster.process.pid}").stat().st_uid == owner
                assert (cluster.directory / "password").stat().st_uid == 0
                assert Path(home).stat().st_mode & 0o777 == 0o755
            finally:
                assert cluster.stop()

    def test_an_account_that_cannot_reach_the_data_is_refused_with_the_reason(self, directory: Path) -> None:
        cluster = PostgresCluster(directory, fast=True, isolation="account")
        with pytest.raises(EngineRefused, match="Permission denied"):
            cluster.start()
        assert directory.parent.stat().st_mode & 0o777 == 0o700
