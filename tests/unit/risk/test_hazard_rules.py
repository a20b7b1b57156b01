"""Rating, notice, extension and closing of hazards, on the figures that are shipped."""

from __future__ import annotations

import tomllib
from datetime import date, datetime, timedelta
from decimal import Decimal
from itertools import product
from pathlib import Path

import pytest

from services.risk.hazard import rules
from services.risk.hazard.rules import HazardClass, HazardStatus
from shared.clock import SHANGHAI
from shared.errors import OccurredInFuture, ReasonRequired, StateConflict, ValidationFailed

SHIPPED = Path(__file__).parents[3] / "services/risk/rule_sets/thresholds.2026-2.toml"
SCORING = rules.read_scoring(tomllib.loads(SHIPPED.read_text(encoding="utf-8"))["content"]["hazard"])
NOW = datetime(2026, 7, 14, 15, tzinfo=SHANGHAI)


def rate(likelihood: str, exposure: str, consequence: str) -> rules.Rating:
    return rules.rate(Decimal(likelihood), Decimal(exposure), Decimal(consequence), SCORING)


def test_the_worked_hazards_are_rated_as_written():
    assert rate("3", "6", "15") == rules.Rating(Decimal(270), HazardClass.HIGH, 15)
    assert rate("1", "3", "7") == rules.Rating(Decimal(21), HazardClass.GENERAL, 30)


@pytest.mark.parametrize(
    ("score", "name"),
    [
        ("320.1", "extreme"),
        ("320", "high"),
        ("160", "high"),
        ("159.9", "significant"),
        ("70", "significant"),
        ("69.9", "general"),
        ("20", "general"),
        ("19.9", "slight"),
        ("0.05", "slight"),
    ],
)
def test_the_boundaries_belong_where_they_are_said_to(score, name):
    assert next(bound.name for bound in SCORING.classes if bound.holds(Decimal(score))) == name


def test_every_allowed_value_has_a_class_and_no_score_falls_through():
    for values in product(SCORING.likelihood, SCORING.exposure, SCORING.consequence):
        assert rules.rate(*values, SCORING).score == values[0] * values[1] * values[2]


def test_values_outside_the_sets_are_refused_together():
    with pytest.raises(ValidationFailed) as refused:
        rate("4", "6", "50")
    assert [fault.pointer for fault in refused.value.faults] == ["#/likelihood", "#/consequence"]
    assert "0.5" in refused.value.faults[0].detail.en


def test_a_probable_maximum_loss_of_zero_or_above_the_limit_needs_a_comment():
    limit = Decimal("5000000.00")
    rules.check_pml(Decimal("2400000.00"), limit, "")
    rules.check_pml(limit, limit, "")
    rules.check_pml(Decimal("9000000.00"), None, "")
    for pml in (Decimal("0.00"), Decimal("5000000.01")):
        with pytest.raises(rules.PmlCommentRequired):
            rules.check_pml(pml, limit, " ")
        rules.check_pml(pml, limit, "two halls, one fire wall")
    with pytest.raises(ValidationFailed):
        rules.check_pml(Decimal("-1.00"), limit, "typo")


def test_the_days_run_from_the_day_after_service():
    assert rules.due_on(date(2026, 7, 14), 15) == date(2026, 7, 29)
    assert rules.due_on(date(2026, 7, 14), 30) == date(2026, 8, 13)


def test_a_notice_names_rated_hazards():
    rules.check_notice([("H1", HazardStatus.RATED), ("H2", HazardStatus.RATED)])
    with pytest.raises(ValidationFailed):
        rules.check_notice([])
    with pytest.raises(StateConflict):
        rules.check_notice([("H1", HazardStatus.RATED), ("H2", HazardStatus.RECTIFYING)])


def serve(at=NOW, method="handed_over", receipt="a-1"):
    issued = NOW - timedelta(hours=2)
    return rules.serve_notice(HazardStatus.RATED, at, method, receipt, issued_at=issued, now=NOW)


def test_a_notice_is_served_in_writing_with_a_receipt():
    assert serve() is HazardStatus.RECTIFYING
    assert serve(at=NOW - timedelta(hours=2)) is HazardStatus.RECTIFYING
    for wrong in ({"receipt": None}, {"receipt": ""}, {"method": "oral"}, {"method": " "}, {"at": None}):
        with pytest.raises(rules.ReceiptRequired) as refused:
            serve(**wrong)
        assert refused.value.status == 422
    with pytest.raises(OccurredInFuture):
        serve(at=NOW + timedelta(minutes=1))
    with pytest.raises(ValidationFailed):
        serve(at=NOW - timedelta(hours=3))


def test_a_hazard_is_overdue_from_the_day_after():
    due = date(2026, 7, 29)
    assert rules.follow_up(HazardStatus.RECTIFYING, due, due) is HazardStatus.RECTIFYING
    assert rules.follow_up(HazardStatus.RECTIFYING, due, date(2026, 7, 30)) is HazardStatus.OVERDUE
    assert rules.follow_up(HazardStatus.CLAIMED_DONE, due, date(2026, 9, 1)) is HazardStatus.CLAIMED_DONE


def extend(current=HazardStatus.RECTIFYING, used=0, new=date(2026, 8, 15), reason="parts on order"):
    return rules.extend(current, used, date(2026, 7, 29), new, reason)


def test_a_period_is_extended_once():
    assert extend() is HazardStatus.RECTIFYING
    assert extend(HazardStatus.ESCALATED) is HazardStatus.RECTIFYING
    with pytest.raises(rules.ExtensionUsed) as refused:
        extend(used=1)
    assert refused.value.status == 409
    for state in (HazardStatus.RATED, HazardStatus.REINSPECTED, HazardStatus.CLOSED):
        with pytest.raises(StateConflict):
            extend(state)
    with pytest.raises(ValidationFailed):
        extend(new=date(2026, 7, 29))
    with pytest.raises(ReasonRequired):
        extend(reason="")


def test_no_hazard_closes_without_evidence_in_any_state():
    for status in HazardStatus:
        with pytest.raises(rules.EvidenceRequired) as refused:
            rules.close(status, [" "])
        assert refused.value.status == 422
    assert rules.close(HazardStatus.REINSPECTED, ["photo"]) is HazardStatus.CLOSED
    with pytest.raises(StateConflict):
        rules.close(HazardStatus.CLAIMED_DONE, ["photo"])


def test_compulsory_cover_is_never_cancelled_over_a_hazard():
    assert rules.advance(HazardStatus.ESCALATED, HazardStatus.CANCEL_COVER) is HazardStatus.CANCEL_COVER
    with pytest.raises(StateConflict) as refused:
        rules.advance(HazardStatus.ESCALATED, HazardStatus.CANCEL_COVER, compulsory=True)
    assert "cancel_cover" not in refused.value.members["legal_moves"]


def test_late_cure_is_still_cure():
    for status in (HazardStatus.OVERDUE, HazardStatus.ESCALATED, HazardStatus.TERMS_CHANGED):
        assert rules.advance(status, HazardStatus.CLAIMED_DONE) is HazardStatus.CLAIMED_DONE
    assert set(rules.NEXT) == set(HazardStatus)


def test_the_worst_class_of_an_inspection():
    assert rules.worst([HazardClass.SLIGHT, HazardClass.HIGH, HazardClass.GENERAL]) is HazardClass.HIGH
    assert rules.worst([]) is None
