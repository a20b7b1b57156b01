"""What the services say of the people on a page: how much each has open, and who may take the duty."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from gateway.directory import rules
from gateway.forwarding.internal_views import ask_all
from gateway.organisation import queries as organisation
from gateway.organisation.schemas import DirectoryEntry
from gateway.organisation.shapes import directory_entries
from shared.assignees import MAY
from shared.errors import NotFound
from shared.pagination import page, read_query
from shared.routing import Call
from shared.work_items import open_counts


@dataclass(frozen=True, slots=True)
class Load:
    """Open items by person, and the verdicts of the record's owner by person."""

    open_items: Mapping[UUID, int]
    verdicts: Mapping[UUID, Mapping[str, Any]] = field(default_factory=dict)
    partial: list[str] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Found:
    """One page of people. `own_items`: how much each has open at the gateway itself."""

    entries: list[DirectoryEntry]
    own_items: Mapping[UUID, int]
    cursor: str | None
    total: int | None
    fields: frozenset[str] | None
    names_only: bool
    """Persons were asked for by id and by nothing else: they are told even if they hold nothing."""


async def people(call: Call, params: Sequence[tuple[str, str]]) -> Found:
    """The page asked for, read outside the record filter, since every record names its people."""
    names = {name for name, _ in params}
    names_only = "person_id" in names and names <= {"person_id", "limit", "fields"}
    async with call.db.transaction(call.actor) as tx:
        await tx.use_scope("00")
        paths = await organisation.paths_of(tx, [value for name, value in params if name == "unit_code"])
        wanted = [one for one in params if one[0] not in ("for", "duty")]
        asked = read_query(organisation.DIRECTORY, wanted, paths.get)
        held = organisation.in_force_today(tx)
        rows, cursor, total = await page(tx, organisation.DIRECTORY, asked, call.state.secret, held)
        named = [value for name, value in params if name == "person_id" and names_only]
        entries = await directory_entries(tx, rows, asked_for=named)
        ids = [one.person_id for one in entries]
        own = dict.fromkeys(ids, 0) | await open_counts(tx, ids)
    return Found(entries, own, cursor, total, asked.fields, names_only)


async def load_of(call: Call, own: Mapping[UUID, int], work: rules.Work | None) -> Load:
    """Asks every service at once, each as the caller. Raises `NotFound` for a record that the caller does not see, and
    `InvalidParameter` for a duty that its owner does not know.
    """
    ids = sorted(own)
    asked: list[tuple[str, str]] = [("person_id", str(one)) for one in ids]
    about = []
    if work is not None:
        about = [("collection", work.collection), ("record_id", str(work.record_id)), ("duty", work.duty)]
    state = call.state
    owner = None if work is None else work.service

    def target(service: str) -> str:
        return "/internal/assignees?" + urlencode([*asked, *(about if service == owner else ())])

    views = await ask_all(state.upstreams, state.signing_key, call.actor, target, MAY, language=call.language)
    counts: Counter[UUID] = Counter(own)
    for answer in views.answers.values():
        counts.update({UUID(one["person_id"]): one["open_items"] for one in answer["items"]})
    told = views.answers.get(owner or "")
    if told is not None and not told["found"]:
        raise NotFound()
    if told is not None and not told["known_duty"]:
        raise rules.refuse_unknown_duty()
    judged = {} if told is None else {UUID(one["person_id"]): one for one in told["items"]}
    missing = set(views.partial) | (set() if owner is None or told is not None else {owner})
    return Load({one: counts[one] for one in ids}, judged, sorted(missing))
