"""A wrong content of a rule set is refused with the place named, and what is let through every reader can read."""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import pytest

from gateway.authority import queries, rules
from scripts.reference_data import rule_sets
from services.claims.adjustment.rules import read_compensation_figures
from services.claims.approval.rules import Triggers
from services.claims.guide.rules import read_checklists
from services.crm.enquiry.rules import read_figures
from services.crm.key_account.rules import read_scheme
from services.crm.questionnaire.rules import read_questionnaire
from services.crm.service_item.rules import read_bar
from services.crm.visit.rules.plan import read_sampling
from services.risk.hazard.rules import read_scoring
from services.risk.key_risk.rules import read_thresholds
from shared.calendar import BusinessCalendar
from shared.deadline_registry import DeadlineRegistry
from shared.errors import Fault

COMPENSATION = {"provinces": {"32": {
    "yearly_income": "60178.00", "monthly_wage": "9000.00", "funeral_months": 6,
    "years": {"full_years": 20, "reduced_from_age": 60, "floor_from_age": 75, "floor_years": 5},
    "grade_shares": {"1": "1.00", "10": "0.10"},
}}}  # fmt: skip
SEEDS = {one["name"]: one["content"] for one in rule_sets() if one["name"] != "authority_tables"} | {
    "compensation_figures": COMPENSATION
}


def _all_questionnaires(content: dict[str, Any]) -> None:
    for kind in ("underwriting", "claim_settlement", "complaint"):
        read_questionnaire(content, kind)


def _thresholds(content: dict[str, Any]) -> None:
    read_scoring(content["hazard"])
    read_thresholds(content["key_risk"])


READERS: dict[str, Callable[[dict[str, Any]], Any]] = {
    "approval_triggers": Triggers.of,
    "calendars": lambda content: BusinessCalendar.from_content(content, "x"),
    "compensation_figures": lambda content: [read_compensation_figures(one) for one in content["provinces"].values()],
    "deadlines": DeadlineRegistry.from_content,
    "enquiries": read_figures,
    "key_accounts": lambda content: read_scheme(content, SEEDS["thresholds"]["key_account"]),
    "document_checklists": lambda content: read_checklists("x", content),
    "questionnaires": _all_questionnaires,
    "sampling": read_sampling,
    "thresholds": _thresholds,
    "value_added": read_bar,
}
"""How the services read what they hear; of the others they take single figures by name."""


def check(kind: str, content: dict[str, Any]) -> None:
    rules.check_content(kind, queries.structures()[kind], content)


def test_every_kind_that_a_service_reads_can_be_published_and_its_seed_could_be() -> None:
    assert set(queries.structures()) == set(SEEDS)
    for kind, content in SEEDS.items():
        check(kind, content)


def places(value: Any, pointer: str = "") -> Iterator[tuple[str, Any, Any]]:
    """Pointer, container and key of every member and of the first item of every list."""
    if isinstance(value, dict):
        for name in value:
            yield f"{pointer}/{name}", value, name
            yield from places(value[name], f"{pointer}/{name}")
    elif isinstance(value, list) and value:
        yield f"{pointer}/0", value, 0
        yield from places(value[0], f"{pointer}/0")


def mutants(kind: str) -> Iterator[tuple[str, dict[str, Any]]]:
    """Each member left out, replaced by a value of another type, by nothing, and by a number below every range."""
    for pointer, _, _ in places(SEEDS[kind]):
        for wrong in (..., None, [], "", -1, {"x": 1}):
            content = copy.deepcopy(SEEDS[kind])
            _, container, key = next(one for one in places(content) if one[0] == pointer)
            if wrong is ...:
                del container[key]
            else:
                container[key] = wrong
            yield f"{pointer} {wrong}", content


@pytest.mark.parametrize("kind", sorted(SEEDS))
def test_whatever_is_let_through_can_be_read_by_the_service(kind: str) -> None:
    refused = 0
    for what, content in mutants(kind):
        faults = _faults(kind, content)
        refused += bool(faults)
        assert all(one.pointer and one.pointer.startswith("#/content") for one in faults), what
        if not faults and kind in READERS:
            READERS[kind](content)
    assert refused > 4


def _faults(kind: str, content: dict[str, Any]) -> Sequence[Fault]:
    try:
        check(kind, content)
    except rules.RuleSetInvalid as refused:
        return refused.faults
    return ()


WRONG: list[tuple[str, Callable[[dict[str, Any]], Any], str, str]] = [
    ("enquiries", lambda c: c["hours"].reverse(), "#/content/hours", "unreadable"),
    ("enquiries", lambda c: c["hours"][0].append("12:30"), "#/content/hours", "unreadable"),
    ("calendars", lambda c: c["years"].append(c["years"][0]), "#/content/years/0/year", "not_unique"),
    ("calendars", lambda c: c["years"][0]["festivals"].append("2026-01-01"), "years/0/festivals/11", "not_unique"),
    ("calendars", lambda c: c["weekly_rest_days"].extend([1, 2, 3, 4, 5]), "weekly_rest_days", "unreadable"),
    ("deadlines", lambda c: c["rows"].append(c["rows"][0]), "#/content/rows", "unreadable"),
    ("deadlines", lambda c: c["rows"][0].update(effective_to="2001-01-01"), "rows/0/effective_to", "period_reversed"),
    ("thresholds", lambda c: c["hazard"]["classes"].reverse(), "hazard/classes", "not_ordered"),
    ("thresholds", lambda c: c["hazard"]["classes"][1].update(above="1"), "hazard/classes/1", "from_or_above"),
    ("thresholds", lambda c: c["assessment"].update(minimum_score=100), "assessment/maximum_score", "not_ordered"),
    ("approval_triggers", lambda c: c["lowest_level"].pop("refusal"), "lowest_level/refusal", "missing"),
    ("approval_triggers", lambda c: c["levels_up"].update(refusal=1), "lowest_level/refusal", "not_unique"),
    ("approval_triggers", lambda c: c["lowest_level"].update(rain="branch"), "lowest_level/rain", "unknown_property"),
    ("questionnaires", lambda c: c["kinds"]["complaint"]["questions"][0].update(negative=["never"]),
     "kinds/complaint/questions/0/negative", "not_in_list"),
    ("document_checklists", lambda c: c["steps"].append(c["steps"][0]), "steps/6/code", "not_unique"),
    ("message_templates", lambda c: c["claims"]["guide"]["sms"].update(text="{姓名}您好"), "claims/guide/sms/text",
     "unknown_placeholder"),
    ("message_templates", lambda c: c["quiet"].update(to="24:00"), "quiet/to", "wrong_form"),
    ("message_templates", lambda c: c.pop("complaints"), "#/content/complaints", "missing"),
    ("letter_templates", lambda c: c["claims"]["guide"].update(title="{"), "claims/guide/title",
     "unknown_placeholder"),
    ("letter_templates", lambda c: c["claims"]["guide"]["parts"][0].update(text="addressee}"),
     "claims/guide/parts/0/text", "unknown_placeholder"),
    ("causes", lambda c: c["nodes"].reverse(), "nodes/0/parent", "not_in_list"),
    ("causes", lambda c: c["nodes"][0].pop("stage"), "nodes/0/stage", "missing"),
    ("service_times", lambda c: c["reserve"].update(adequate_from="2.00"), "reserve/adequate_to", "not_ordered"),
    ("side_decisions", lambda c: c.update(pay_days=11), "content/pay_days", "out_of_range"),
    ("sla", lambda c: c["levels"].append(c["levels"][0]), "levels/9/code", "not_unique"),
    ("sla", lambda c: c["levels"][0].update(target="1.10"), "levels/0/target", "wrong_form"),
    ("compensation_figures", lambda c: c["provinces"]["32"]["years"].update(floor_from_age=60),
     "provinces/32/years/floor_from_age", "not_ordered"),
    ("intake", lambda c: c["retention"].update(years_longer_term=9), "retention/years_longer_term", "out_of_range"),
    ("consent", lambda c: c.update(guardian_consent_below_age=True), "guardian_consent_below_age", "wrong_type"),
]  # fmt: skip


@pytest.mark.parametrize(("kind", "change", "pointer", "code"), WRONG)
def test_a_contradiction_is_refused_where_it_stands(
    kind: str, change: Callable[[dict[str, Any]], Any], pointer: str, code: str
) -> None:
    content = copy.deepcopy(SEEDS[kind])
    change(content)
    with pytest.raises(rules.RuleSetInvalid) as refused:
        check(kind, content)
    assert any(one.pointer.endswith(pointer) and one.code == code for one in refused.value.faults if one.pointer), [
        (one.pointer, one.code) for one in refused.value.faults
    ]


def test_a_structure_with_a_word_that_nobody_checks_is_not_loaded() -> None:
    with pytest.raises(ValueError, match="not checked here"):
        rules.refuse_unknown_words({"type": "object", "properties": {"x": {"items": {"multipleOf": 3}}}})
