"""The cases of the exhaustive walk, by dimension; the oracle says what each must come to."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import product
from typing import NamedTuple

from shared.authority import Unit
from tests.security.oracle import posts, tree, verdicts
from tests.security.oracle.amounts import DECIDER
from tests.security.oracle.verdicts import Act

UNITS = {
    one.name: Unit(one.address.rpartition(".")[2], one.address, *posts.PLACES[one.place])
    for one in tree.HOUSES.values()
}
OWNERS = ("north a1", "north a", "north own", "north", "head")
"""One owner of each kind; the units around them stand in every relation to it."""
KINDS = ("opinion", "decision", "cosignature")
LINES = ("liability", "accident")
SIGNERS = ("claims_approver", "department_head")
TRIGGERS = (None, *sorted(verdicts.FROM_BRANCH | verdicts.ONE_FURTHER))
DUTIES = (*sorted(verdicts.NOT_SEPARATE), *sorted(verdicts.SEPARATE_FROM_APPROVING))
STATES = (
    "reported", "dispatched", "surveyed", "registered", "assessing", "documents_pending", "documents_complete",
    "calculated", "in_approval", "returned", "decided", "agreed", "paying", "paid", "refusal_served", "zero", "closed",
    "archived", "cancelled", "reopened",
)  # fmt: skip


class Reach(NamedTuple):
    """Somebody, a unit's record and a permission."""

    post: str
    unit: str
    owner: str
    permission: str


def reaches(permissions: Iterable[str], people: Iterable[str] = tuple(posts.WHERE)) -> Iterator[Reach]:
    """Position × unit (so level and relation) × owner × permission."""
    for permission in permissions:
        for post in people:
            for unit in UNITS:
                for owner in UNITS:
                    yield Reach(post, unit, owner, permission)


def steps(
    ladders: Iterable[str], lines: Iterable[str] = LINES, triggers: Iterable[str | None] = (None,)
) -> Iterator[Act]:
    """Kind of limit × line × amount band × owner × trigger × how far the chain is × person × kind of act."""
    for ladder in ladders:
        for line in lines:
            for cents in verdicts.bands(ladder, line):
                for owner in OWNERS:
                    for trigger in triggers:
                        yield from _of_chain(Act("", "", owner, ladder, line, cents, "", trigger=trigger))


def _of_chain(about: Act) -> Iterator[Act]:
    for done in range(len(verdicts.acts_of(about))):
        state = "in_approval" if done else "calculated"
        for unit in UNITS:
            for post in SIGNERS:
                for kind in KINDS:
                    yield Act(
                        post, unit, about.owner, about.ladder, about.line, about.cents, kind, done, about.trigger,
                        state=state,
                    )  # fmt: skip


COSIGNED = 30_000_001
"""Above the sum from which the branch's decision wants a second signature."""


def persons_and_states(
    duties: Iterable[str] = DUTIES, states: Iterable[str] = STATES, owners: Iterable[str] = ("north a1", "north own")
) -> Iterator[Act]:
    """What the person did × state of the claim, on a chain of each length, for everybody on its way."""
    for owner, cents in product(owners, (1_000_000, 10_000_001, COSIGNED, 100_000_001)):
        plain = Act("", "", owner, "claim_payment", "liability", cents, "")
        people = SIGNERS if cents == COSIGNED else SIGNERS[:1]
        progress = range(len(verdicts.acts_of(plain)))
        for done, unit, post in product(progress, tree.way_up(owner), people):
            for duty, state, kind in product(duties, states, KINDS):
                yield Act(
                    post, unit, owner, "claim_payment", "liability", cents, kind, done, duty=duty, state=state
                )  # fmt: skip


class Asked(NamedTuple):
    """A question to the explanation."""

    post: str
    unit: str
    ladder: str
    line: str
    cents: int
    owner: str
    kind: str


def questions(ladders: Iterable[str], lines: Iterable[str] = LINES) -> Iterator[Asked]:
    """Whoever has a row asks about every band, everybody else about one cent: of units below, beside and above."""
    for ladder, line in product(ladders, lines):
        for cents, owner, unit in product(verdicts.bands(ladder, line), OWNERS, UNITS):
            people = {DECIDER[ladder], *SIGNERS} if cents > 1 else posts.WHERE
            for post, kind in product(sorted(people), ("opinion", "decision")):
                yield Asked(post, unit, ladder, line, cents, owner, kind)


def chains(ladders: Iterable[str], lines: Iterable[str] = LINES) -> Iterator[tuple[str, str, int, str]]:
    """Kind × line × band × owner: each has one chain."""
    for ladder, line in product(ladders, lines):
        for cents, owner in product(verdicts.bands(ladder, line), OWNERS):
            yield ladder, line, cents, owner


def on_the_way(ladder: str, line: str) -> Iterator[Asked]:
    """The same for those alone who stand on the way of the record: what a change of the table can change."""
    for cents, owner in product(verdicts.bands(ladder, line), OWNERS):
        for unit in tree.way_up(owner):
            for post, kind in product(sorted({DECIDER[ladder], *SIGNERS}), ("opinion", "decision")):
                yield Asked(post, unit, ladder, line, cents, owner, kind)
