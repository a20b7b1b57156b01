"""Which clauses a line relies on, and whether their explanation was acknowledged (保险法 art. 17, 解释二 art. 9)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from services.claims.adjustment.rules.caps import Item
from services.claims.adjustment.rules.terms import EMPTY, REDUCING_TERMS

INSURING = "insuring"
"""Under this name `by_term` holds the clauses by which the policy covers at all: every line rests on them."""


@dataclass(frozen=True)
class Exclusion:
    """An exclusion clause of the policy version; `acknowledged_at` None: its explanation was never acknowledged."""

    clause_id: str
    text_version: str = ""
    acknowledged_at: datetime | str | None = None


@dataclass(frozen=True)
class Clauses:
    """The policy's exclusion clauses, and where it is known, which clause ids carry a cover term (`by_term`).

    A reducing term whose clause is not known relies on all exclusion clauses of the policy.
    """

    exclusions: tuple[Exclusion, ...] = ()
    by_term: Mapping[str, tuple[str, ...]] = field(default_factory=lambda: EMPTY)

    def of_term(self, term: str) -> tuple[str, ...]:
        """The clause ids that carry `term`."""
        if term in self.by_term:
            return self.by_term[term]
        return tuple(one.clause_id for one in self.exclusions) if term in REDUCING_TERMS else ()

    def cited(self, item: Item) -> tuple[str, ...]:
        """The clause ids an item relies on, without repeats: of its terms, of its head of loss, of the cover."""
        found = [clause for term in sorted(item.terms) for clause in self.of_term(term)]
        found += [*self.by_term.get(item.kind, ()), *self.by_term.get(INSURING, ())]
        return tuple(dict.fromkeys(found))

    def unacknowledged(self, items: Iterable[Item]) -> tuple[tuple[str, ...], bool]:
        """The clauses the reductions of `items` rely on without an acknowledgement, and whether any reduction does.

        A reduction of which no clause is recorded at all counts as never acknowledged: the proof of the explanation
        is the insurer's (解释二 art. 13).
        """
        known = {one.clause_id for one in self.exclusions if one.acknowledged_at}
        reducing = sorted({term for item in items for term in item.terms if term in REDUCING_TERMS})
        relied_on = [self.of_term(term) for term in reducing]
        missing = tuple(dict.fromkeys(clause for clauses in relied_on for clause in clauses if clause not in known))
        return missing, bool(missing) or any(not clauses for clauses in relied_on)


def read_exclusions(exclusions: Sequence[Mapping[str, Any]] | None) -> tuple[Exclusion, ...]:
    """The policy's `exclusions[{clause_id, text_version, acknowledged_at}]`."""
    return tuple(
        Exclusion(str(one["clause_id"]), str(one.get("text_version") or ""), one.get("acknowledged_at"))
        for one in exclusions or ()
    )
