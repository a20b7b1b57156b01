"""The guide of a first notice, on the list that is shipped."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest

from services.claims.guide import rules
from services.claims.guide.rules import LossKind

SHIPPED = Path(__file__).parents[3] / "services/claims/rule_sets/document_checklists.2026-1.toml"


@pytest.fixture(scope="module")
def checklists() -> rules.Checklists:
    raw = tomllib.loads(SHIPPED.read_text(encoding="utf-8"))
    return rules.read_checklists(raw["version"], raw["content"])


def codes(guide: rules.Guide) -> set[str]:
    return {item.code for item in guide.documents}


def test_every_paper_has_both_languages_a_known_line_and_a_known_kind(checklists):
    lines, kinds = {"liability", "accident"}, {"any", *map(str, LossKind)}
    for item in checklists.documents:
        assert item.title.zh
        assert item.title.en
        assert item.lines
        assert item.lines <= lines
        assert item.kinds
        assert item.kinds <= kinds
        assert not (item.held and item.required)
    assert len({item.code for item in checklists.documents}) == len(checklists.documents)


def test_an_accident_with_injury_wants_medical_papers_and_no_ground_of_liability(checklists):
    wanted = codes(rules.guide(checklists, "accident", {LossKind.INJURY}))
    assert {"claim_request", "medical_invoices", "payee_account"} <= wanted
    assert not wanted & {"liability_proof", "death_certificate", "property_loss_list"}


def test_a_death_wants_the_papers_of_the_heirs(checklists):
    wanted = codes(rules.guide(checklists, "liability", {LossKind.DEATH}))
    assert {"death_certificate", "heirs_or_beneficiaries", "liability_proof"} <= wanted


def test_property_is_no_loss_of_personal_accident(checklists):
    assert codes(rules.guide(checklists, "accident", {LossKind.PROPERTY})) == codes(
        rules.guide(checklists, "accident", {LossKind.INJURY})
    )


def test_with_an_unknown_line_the_papers_of_both_lines_are_told(checklists):
    guide = rules.guide(checklists, None, {LossKind.INJURY})
    assert {"liability_proof", "medical_invoices"} <= codes(guide)
    assert {"survey", "contact"} <= {step.code for step in guide.steps}


def test_the_kinds_come_from_the_counts():
    assert rules.kinds_of(injured_count=1, death_count=1) == {LossKind.INJURY, LossKind.DEATH}
    assert rules.kinds_of(injured_count=0, death_count=0) == {LossKind.PROPERTY}
    assert rules.kinds_of(injured_count=1, death_count=0, disability=True, property_damage=True) == {
        LossKind.INJURY,
        LossKind.DISABILITY,
        LossKind.PROPERTY,
    }


def test_a_paper_of_a_product_is_asked_for_in_its_claims_only():
    raw = tomllib.loads(SHIPPED.with_name("document_checklists.2026-2.toml").read_text(encoding="utf-8"))
    lists = rules.read_checklists(raw["version"], raw["content"])
    wanted = {
        product: codes(rules.guide(lists, "liability", {LossKind.INJURY}, product))
        for product in ("employers_liability", "public_liability", None)
    }
    assert wanted["employers_liability"] - wanted["public_liability"] == {"labour_contract", "work_injury_decision"}
    assert wanted["public_liability"] == wanted[None]
