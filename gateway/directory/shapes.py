"""How the people of a page are shown with what the services say of them."""

from __future__ import annotations

from gateway.directory.queries import Found, Load
from gateway.directory.schemas import DirectoryPage
from gateway.organisation.schemas import DirectoryEntry
from shared.pagination import shaped


def told(found: Found, load: Load | None) -> DirectoryPage:
    """One page; `load` None: names alone were asked for."""
    plain = shaped([one if load is None else _with(one, load) for one in found.entries], found.cursor, found.total)
    return DirectoryPage(
        items=plain.items, next_cursor=plain.next_cursor, total=plain.total, total_exact=plain.total_exact,
        partial=None if load is None else load.partial or None,
    )  # fmt: skip


def _with(entry: DirectoryEntry, load: Load) -> DirectoryEntry:
    verdict = load.verdicts.get(entry.person_id, {})
    told = {"open_items": load.open_items.get(entry.person_id, 0), "eligible": verdict.get("eligible")}
    return entry.model_copy(update=told | {"reason": verdict.get("reason")})
