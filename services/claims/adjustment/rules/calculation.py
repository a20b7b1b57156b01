"""One calculation as a whole: from the policy version, the facts and the ledger to the sheet and its ledger entries.

Pure and repeatable: the same basis makes the same sheet, so a decision is checked by calculating again.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from decimal import Decimal
from typing import Any

from services.claims.adjustment.rules import explanation, ledger
from services.claims.adjustment.rules.accident import calculate_accident, deductibles_of_accident
from services.claims.adjustment.rules.caps import Item
from services.claims.adjustment.rules.clauses import Clauses, read_exclusions
from services.claims.adjustment.rules.disability import CompensationFigures
from services.claims.adjustment.rules.insured import PersonAccount
from services.claims.adjustment.rules.liability import Borne, borne_of_liability, calculate_liability
from services.claims.adjustment.rules.limits import LimitsUsed
from services.claims.adjustment.rules.losses import AssessedFacts, Claimant, read_facts
from services.claims.adjustment.rules.overrides import Override, overridden
from services.claims.adjustment.rules.refusals import ClauseInEffect
from services.claims.adjustment.rules.sheet import ClaimantTotal, Sheet, SheetLine, draw_up
from services.claims.adjustment.rules.terms import EMPTY, REDUCING_TERMS, read_accident_cover, read_liability_cover
from shared.errors import Text
from shared.money import ZERO

ENGINE_VERSION = "2026-2"
NOT_IN_FORCE = "not_in_force"
NOT_LISTED = "insured_not_listed"
UNRECORDED = "unrecorded"
"""Stands for the clause of a reduction of which no clause is recorded at all."""


@dataclass(frozen=True)
class Basis:
    """Everything a sheet follows from. `facts`, `cover`, `exclusions`: as stored; amounts in yuan.

    `entries`: what other claims took of the policy; `keys` and `sums_insured` by claimant ref; `unlisted`: refs of
    persons who can be told apart and were not on the insured list that day; `disregarded`: clauses that have no effect;
    `overrides`: lines set by hand.
    """

    line: str
    cover: Mapping[str, Any]
    exclusions: Sequence[Mapping[str, Any]]
    facts: Mapping[str, Any]
    in_force: bool
    accident_on: date
    entries: tuple[ledger.Entry, ...] = ()
    keys: Mapping[str, str] = field(default_factory=lambda: EMPTY)
    sums_insured: Mapping[str, Decimal] = field(default_factory=lambda: EMPTY)
    unlisted: frozenset[str] = frozenset()
    figures: Mapping[str, CompensationFigures] = field(default_factory=lambda: EMPTY)
    paid_before: Decimal = ZERO
    disregarded: frozenset[str] = frozenset()
    overrides: tuple[Override, ...] = ()

    @property
    def clauses(self) -> Clauses:
        """The policy's clauses; `clause_ids` in the cover says which carry which term, where the policy tells it."""
        told = self.cover.get("clause_ids")
        by_term = {term: tuple(ids) for term, ids in told.items()} if isinstance(told, Mapping) else EMPTY
        return Clauses(read_exclusions(self.exclusions), by_term)


@dataclass(frozen=True)
class Calculation:
    """The sheet, and what it takes of the policy's limits."""

    sheet: Sheet
    taken: tuple[ledger.Taken, ...]


def calculate(basis: Basis) -> Calculation:
    """The sheet of `basis`. Refuses facts the terms cannot answer, and disregarding a clause in effect (422)."""
    facts = read_facts(basis.line, basis.facts)
    if not basis.in_force:
        items = [item for one in facts.claimants for item in _nothing(one, explanation.not_in_force())]
        expenses = [Item(None, one.kind, ZERO, (explanation.not_in_force(),)) for one in facts.expenses]
        overridden([replace(item, granted=False) for item in (*items, *expenses)], basis.overrides)
        refs = [one.ref for one in facts.claimants]
        sheet = draw_up(
            items, expenses, refs, own_share=Decimal(1), advances=basis.paid_before, clauses=basis.clauses,
            flags=[NOT_IN_FORCE],
        )  # fmt: skip
        return Calculation(sheet, ())
    cover = without_void_terms(basis.cover, basis.clauses, basis.disregarded)
    return (_liability if basis.line == "liability" else _accident)(basis, cover, facts)


def _liability(basis: Basis, terms: Mapping[str, Any], facts: AssessedFacts) -> Calculation:
    cover = read_liability_cover(terms)
    used: LimitsUsed = ledger.limits_used(cover, basis.entries, basis.keys)
    sheet = calculate_liability(
        cover, facts, used=used, clauses=basis.clauses, figures=basis.figures, advances=basis.paid_before,
        overrides=basis.overrides,
    )  # fmt: skip
    borne = borne_of_liability(cover, facts, used, basis.figures)
    return Calculation(sheet, tuple(ledger.taken_by(sheet, borne)))


def _accident(basis: Basis, terms: Mapping[str, Any], facts: AssessedFacts) -> Calculation:
    cover = read_accident_cover(terms)
    insured = replace(facts, claimants=tuple(one for one in facts.claimants if one.ref not in basis.unlisted))
    accounts: dict[str, PersonAccount] = ledger.accounts(basis.entries, basis.keys, basis.sums_insured)
    sheet = calculate_accident(
        cover, insured, accounts=accounts, accident_on=basis.accident_on, clauses=basis.clauses,
        advances=basis.paid_before, overrides=basis.overrides,
    )  # fmt: skip
    taken = ledger.taken_by(sheet, Borne(deductibles_of_accident(cover, insured, accounts)))
    return Calculation(_with_unlisted(sheet, facts, basis.unlisted), tuple(taken))


def _nothing(claimant: Claimant, step: Text) -> list[Item]:
    return [Item(claimant.ref, loss.kind, ZERO, (step,)) for loss in claimant.losses]


def _with_unlisted(sheet: Sheet, facts: AssessedFacts, unlisted: Collection[str]) -> Sheet:
    """The sheet with the lines of persons who were not insured that day: named, and worth nothing."""
    absent = [one for one in facts.claimants if one.ref in unlisted]
    if not absent:
        return sheet
    step = explanation.not_on_the_list()
    lines = [
        SheetLine(item.ref, item.kind, ZERO, explanation.told(item.kind, item.steps, ZERO))
        for one in absent
        for item in _nothing(one, step)
    ]
    totals = {one.ref: one.amount for one in sheet.claimants}
    return replace(
        sheet,
        lines=(*sheet.lines, *lines),
        claimants=tuple(ClaimantTotal(one.ref, totals.get(one.ref, ZERO)) for one in facts.claimants),
        flags=(*sheet.flags, NOT_LISTED),
    )


def without_void_terms(cover: Mapping[str, Any], clauses: Clauses, disregarded: Collection[str]) -> Mapping[str, Any]:
    """The cover without the reductions that rest on `disregarded` clauses, which were never explained (保险法 art. 17).

    `unrecorded` stands for reductions of which no clause is known. Refuses (422 `clause_in_effect`) to disregard a
    clause that was acknowledged or that the policy does not have.
    """
    if not disregarded:
        return cover
    void = {one.clause_id for one in clauses.exclusions if not one.acknowledged_at} | {UNRECORDED}
    wrong = sorted(set(disregarded) - void)
    if wrong:
        raise ClauseInEffect.at("#/disregarded_clause_ids", clause_ids=wrong)
    return {term: value for term, value in cover.items() if not _rests_on(term, clauses, set(disregarded))}


def _rests_on(term: str, clauses: Clauses, disregarded: set[str]) -> bool:
    return term in REDUCING_TERMS and bool(disregarded & set(clauses.of_term(term) or (UNRECORDED,)))


def digest_of(claim_id: Any, sheet_version: int, policy_version: int, sheet: Sheet | Mapping[str, Any]) -> str:
    """The digest of what is approved: the claim, its sheet, the amounts of all claimants and the policy version."""
    told = sheet.as_json() if isinstance(sheet, Sheet) else sheet
    names = ("gross_amount", "own_share_amount", "payable_amount", "claimants")
    approved = {"claim": str(claim_id), "sheet": sheet_version, "policy": policy_version, **{n: told[n] for n in names}}
    text = json.dumps(approved, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()


def claimed_amount(facts: AssessedFacts) -> Decimal | None:
    """What was claimed in all, in yuan; None where a loss states no amount (a benefit by scale or by the day)."""
    amounts = [loss.amount for one in facts.claimants for loss in one.losses]
    if any(amount is None for amount in amounts):
        return None
    return sum((amount or ZERO for amount in amounts), ZERO) + sum((one.amount for one in facts.expenses), ZERO)
