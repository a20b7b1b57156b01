"""The checker itself: a sound world passes, and each hand-made breakage is told by its own invariant and no other."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import asyncpg
import pytest

from embedded.check.catalogue import INVARIANTS
from embedded.check.comparison import Comparison, report_of
from embedded.check.invariants import Invariant, Judged, judge
from embedded.check.personal import identity_numbers, unmasked
from embedded.check.quiescence import until_quiet
from embedded.check.roles import admit, dismiss
from embedded.check.stores import DEPLOYABLES, Durable, Stores, snapshots
from embedded.check.streams import durables_of, messages_of, stream_states
from scripts.checker_data import FOLDER, documents
from shared.events import encode
from shared.streams import Outgoing
from tests.support import streams
from tests.support.breakages import BREAKAGES, IDENTITY_NUMBER, Breakage
from tests.support.breakages_beside import append_entry
from tests.support.checked_stores import stores_of
from tests.support.checked_world import CheckedWorld, checked_world
from tests.support.engines import Clones, NatsCredentials


@pytest.fixture(scope="module")
async def world(clones: Clones, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[CheckedWorld]:
    async with checked_world(clones, tmp_path_factory.mktemp("world")) as made:
        yield made


@pytest.fixture
async def stores(world: CheckedWorld) -> AsyncIterator[Stores]:
    async with stores_of(world) as made:
        yield made


async def differing(stores: Stores) -> dict[str, tuple[str, ...]]:
    """Invariants that do not hold, with what differs."""
    judged = [await judge(one, stores) for one in INVARIANTS]
    return {one.invariant.id: one.differences for one in judged if not one.holds}


async def test_a_sound_world_shows_something_to_every_invariant_and_breaks_none(stores: Stores) -> None:
    judged = [await judge(one, stores) for one in INVARIANTS]
    assert [line for one in judged if not one.holds for line in one.lines()] == []
    assert [one.invariant.id for one in judged if not one.seen] == []


@pytest.mark.parametrize("breakage", BREAKAGES, ids=lambda one: f"{one.invariant}-{one.name}")
async def test_a_breakage_is_told_by_its_own_invariant_and_no_other(
    stores: Stores, breakage: Breakage, tmp_path: Path
) -> None:
    await breakage.act(stores, tmp_path)
    assert set(await differing(stores)) == {breakage.invariant} | breakage.also


async def test_a_session_that_idles_in_a_transaction_is_told(stores: Stores, clones: Clones) -> None:
    session = await asyncpg.connect(clones.application_url("claims").replace("+asyncpg", ""))
    try:
        await session.execute("begin")
        stores.idle_s = 0.0
        assert list(await differing(stores)) == ["I37"]
    finally:
        await session.close()


def test_every_invariant_has_a_breakage() -> None:
    broken = {one.invariant for one in BREAKAGES} | {"I37"}
    assert {one.id for one in INVARIANTS} - broken == set()


async def test_a_chain_that_goes_on_rightly_is_sound(stores: Stores) -> None:
    """What the breakages append is wrong for what it says, never for how it is chained."""
    await append_entry(stores, "crm", action="export")
    assert await differing(stores) == {}


def test_what_the_checker_knows_of_the_services_is_what_they_are() -> None:
    for name, content in documents().items():
        assert (FOLDER / name).read_bytes() == content, f"{name}: run python -m scripts.checker_data"


async def test_the_checkers_role_sees_every_row_and_changes_none(world: CheckedWorld, worker: str) -> None:
    role, clones = f"checker_{worker}", world.clones
    databases = [clones.name(name) for name in DEPLOYABLES]
    for _ in range(2):
        await admit(clones.run.superuser_dsn, databases, "a password of the test", role)
    try:
        place = f"127.0.0.1:{clones.run.postgres_port}"
        dsn = f"postgresql://{role}:a%20password%20of%20the%20test@{place}/{clones.name('claims')}"
        async with snapshots({"claims": dsn}) as held:
            assert await held["claims"].fetchval("select count(*) from claims") == 3
        writer = await asyncpg.connect(dsn)
        try:
            await writer.execute("set default_transaction_read_only = off")
            for statement in ("delete from inbox", "update claims set status = 'paid'", "create table mine (n int)"):
                with pytest.raises(asyncpg.InsufficientPrivilegeError):
                    await writer.execute(statement)
        finally:
            await writer.close()
    finally:
        await dismiss(clones.run.superuser_dsn, databases, role)


async def test_streams_and_durables_are_read_as_the_server_has_them(nats_credentials: NatsCredentials) -> None:
    await streams.fresh_streams(nats_credentials)
    claims, crm = (streams.bus(nats_credentials, name) for name in ("claims", "crm"))
    bodies = [encode({"id": str(n), "type": "claims.claim.reported"}) for n in range(3)]
    try:
        await claims.open(10)
        await crm.open(10)
        await crm.ensure_durable("CLAIMS", ["claims.claim.reported.*"])
        sent = [Outgoing("claims.claim.reported.v1", body, f"m{n}") for n, body in enumerate([*bodies, b"no event"])]
        assert None not in await claims.publish(sent)
        states = stream_states(nats_credentials.monitor_url, nats_credentials.account)
        found = await messages_of(nats_credentials.url, nats_credentials.bootstrap_seed, states)
        assert [(one.stream, one.sequence, one.event.get("id")) for one in found] == [
            ("CLAIMS", 1, "0"), ("CLAIMS", 2, "1"), ("CLAIMS", 3, "2"), ("CLAIMS", 4, None),
        ]  # fmt: skip
        assert durables_of(states) == [Durable("CLAIMS", "crm", ("claims.claim.reported.*",), 4, 0)]
    finally:
        await claims.close()
        await crm.close()


async def test_nothing_is_judged_while_something_is_on_its_way(world: CheckedWorld) -> None:
    dsns = {name: world.clones.superuser_dsn(name) for name in DEPLOYABLES}
    lagging = Durable("CLAIMS", "crm", (), 2, 1)
    assert await until_quiet(dsns, list, 0) == []
    assert await until_quiet(dsns, lambda: [lagging], 0) == ["crm on CLAIMS: 2 waiting, 1 unacknowledged"]
    claims = await asyncpg.connect(dsns["claims"])
    try:
        await claims.execute("update outbox set sent_at = null where subject = 'claims.claim.settled.v1'")
        assert await until_quiet(dsns, list, 0) == ["claims: 1 unsent"]
    finally:
        await claims.execute("update outbox set sent_at = created_at where sent_at is null")
        await claims.close()


def judged(rows: int, *differences: str) -> Judged:
    return Judged(Invariant("I0", "it holds", ()), rows, differences)


def test_where_nothing_could_be_looked_at_nothing_counts_as_sound() -> None:
    assert not Comparison((), (judged(0), judged(0))).well
    seen = Comparison((), (judged(0), judged(3)))
    assert seen.well
    assert report_of(seen)[0].split() == ["I0", "0", "rows", "nothing", "to", "check", "it", "holds"]
    assert report_of(seen)[-1] == "2 invariants, 1 with something to look at, 3 rows, 0 differ; nothing to check for I0"


def test_a_difference_or_something_on_its_way_is_not_well() -> None:
    broken = Comparison((), (judged(20, *(f"row {n}" for n in range(12))),))
    assert not broken.well
    assert [line.strip() for line in report_of(broken)][-2:] == [
        "- and 2 more", "1 invariants, 1 with something to look at, 20 rows, 1 differ",
    ]  # fmt: skip
    busy = replace(broken, busy=("claims: 1 unsent",), judged=())
    assert not busy.well
    assert "not quiescent" in report_of(busy)[0]


@pytest.mark.parametrize(
    ("text", "kinds"),
    [
        (IDENTITY_NUMBER, {"an identity number"}),
        ("110105194912310021", set()),  # the last character is not the one that belongs to it
        ("3701**********1234", set()),
        ("13800001234", {"a phone number"}),
        ("01a20daa-8d1c-7c27-b132-f35d13800001", set()),
        ("6222021234567890128", {"an account number"}),
        ("PPA2026-32-000001", set()),
    ],
)
def test_numbers_of_persons_are_known_by_their_own_checks(text: str, kinds: set[str]) -> None:
    assert unmasked({"a": [text, 1, None]}) == kinds
    assert bool(identity_numbers(text)) == ("an identity number" in kinds)
    assert json.dumps(text)
