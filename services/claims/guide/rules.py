"""The guide sent with the first notice: documents by line and kind of loss, and the steps to come.

Lists and sentences are data of the rule set `document_checklists`; the rule only selects.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Protocol

from shared.errors import Text


class LossKind(StrEnum):
    """What a report tells of the loss, as far as it decides which papers are wanted."""

    INJURY = "injury"
    DISABILITY = "disability"
    DEATH = "death"
    PROPERTY = "property"


@dataclass(frozen=True)
class DocumentItem:
    """One paper of the list; `held`: the insurer has it itself; `medical`: kept on a legal basis only."""

    code: str
    title: Text
    lines: frozenset[str]
    kinds: frozenset[str]
    required: bool
    held: bool
    medical: bool
    products: frozenset[str] = frozenset()
    """Products whose claims need it; none named: every one."""


@dataclass(frozen=True)
class Step:
    code: str
    text: Text
    lines: frozenset[str]


@dataclass(frozen=True)
class Checklists:
    """The whole rule set of one version."""

    version: str
    documents: tuple[DocumentItem, ...]
    steps: tuple[Step, ...]


@dataclass(frozen=True)
class Guide:
    checklist_version: str
    documents: tuple[DocumentItem, ...]
    steps: tuple[Step, ...]


def read_checklists(version: str, content: Mapping[str, Any]) -> Checklists:
    """The rule set's content as value objects; a missing key is a `KeyError` at load, not at the night report."""
    return Checklists(
        version,
        tuple(
            DocumentItem(
                code=item["code"],
                title=Text(item["zh"], item["en"]),
                lines=frozenset(item["lines"]),
                kinds=frozenset(item["kinds"]),
                required=item["required"],
                held=item.get("held", False),
                medical=item.get("medical", False),
                products=frozenset(item.get("products", ())),
            )
            for item in content["documents"]
        ),
        tuple(Step(item["code"], Text(item["zh"], item["en"]), frozenset(item["lines"])) for item in content["steps"]),
    )


def kinds_of(
    *, injured_count: int, death_count: int, disability: bool = False, property_damage: bool = False
) -> set[LossKind]:
    """The kinds of loss a report tells of; one that tells of no person is about property."""
    kinds = set()
    if injured_count > 0:
        kinds.add(LossKind.INJURY)
    if death_count > 0:
        kinds.add(LossKind.DEATH)
    if disability:
        kinds.add(LossKind.DISABILITY)
    if property_damage or not kinds:
        kinds.add(LossKind.PROPERTY)
    return kinds


class Told(Protocol):
    """The claim, as far as it tells of the loss."""

    @property
    def injured_count(self) -> Any: ...
    @property
    def death_count(self) -> Any: ...
    @property
    def loss_kinds(self) -> Any: ...


def kinds_told(claim: Told) -> set[LossKind]:
    """The kinds of loss by the claim's counts and by what its reporter named beside them."""
    named = set(claim.loss_kinds or ())
    return kinds_of(
        injured_count=claim.injured_count, death_count=claim.death_count, disability="disability" in named,
        property_damage="property" in named,
    )  # fmt: skip


def guide(checklists: Checklists, line: str | None, kinds: set[LossKind], product: str | None = None) -> Guide:
    """Documents and steps for this loss; with the line unknown (no policy found) those of every line that may apply.

    Property is no loss of personal accident, so such a report gets the papers of an injury instead.
    """
    wanted = {str(kind) for kind in kinds}
    if line == "accident":
        wanted = (wanted - {LossKind.PROPERTY}) or {str(LossKind.INJURY)}
    documents = tuple(
        item
        for item in checklists.documents
        if _fits(item.lines, line)
        and item.kinds & (wanted | {"any"})
        and (not item.products or product in item.products)
    )
    return Guide(checklists.version, documents, tuple(step for step in checklists.steps if _fits(step.lines, line)))


def _fits(lines: frozenset[str], line: str | None) -> bool:
    return line is None or line in lines
