"""Dispatch and loss survey."""

from __future__ import annotations

from datetime import datetime, timedelta
from decimal import Decimal
from uuid import UUID

import pytest

from services.claims.claim.rules import ClaimStatus, Duty, Held, PolicyDuty
from services.claims.survey import rules
from services.claims.survey.rules import Survey
from shared.clock import SHANGHAI
from shared.errors import OccurredInFuture, SeparationOfDuties, StateConflict, ValidationFailed

LOSS = datetime(2026, 5, 20, 9, tzinfo=SHANGHAI)
NOW = LOSS + timedelta(days=2)
SURVEYOR, OTHER = UUID(int=1), UUID(int=2)


def record(survey: Survey, current=ClaimStatus.DISPATCHED, duties=()):
    return rules.record_survey(current, survey, SURVEYOR, duties, loss_at=LOSS, now=NOW)


def test_a_dispatched_claim_may_go_to_another_surveyor():
    assert rules.dispatch(ClaimStatus.REPORTED, SURVEYOR, []) is ClaimStatus.DISPATCHED
    assert rules.dispatch(ClaimStatus.DISPATCHED, OTHER, []) is ClaimStatus.DISPATCHED
    with pytest.raises(StateConflict):
        rules.dispatch(ClaimStatus.REGISTERED, SURVEYOR, [])


@pytest.mark.parametrize("duty", [PolicyDuty.SELLER, Duty.ADJUSTER, Duty.APPROVER])
def test_seller_adjuster_and_approver_are_not_sent(duty):
    with pytest.raises(SeparationOfDuties):
        rules.dispatch(ClaimStatus.REPORTED, SURVEYOR, [Held(duty, SURVEYOR)])
    assert rules.dispatch(ClaimStatus.REPORTED, SURVEYOR, [Held(duty, OTHER)]) is ClaimStatus.DISPATCHED


def test_a_complete_survey_is_recorded():
    survey = Survey(LOSS + timedelta(hours=4), ["owner"], "machine without guard", Decimal("0.70"))
    assert record(survey) is ClaimStatus.SURVEYED


def test_a_survey_cannot_lie_in_the_future():
    with pytest.raises(OccurredInFuture) as refused:
        record(Survey(NOW + timedelta(seconds=1), [], "seen"))
    assert refused.value.faults[0].pointer == "#/surveyed_at"


def test_all_wrong_values_of_a_survey_are_told_at_once():
    with pytest.raises(ValidationFailed) as refused:
        record(Survey(LOSS - timedelta(hours=1), ["owner", " "], "", Decimal("1.01")))
    assert [fault.pointer for fault in refused.value.faults] == [
        "#/surveyed_at",
        "#/findings",
        "#/participants/1",
        "#/liability_opinion/fault_ratio",
    ]


def test_no_survey_without_dispatch():
    with pytest.raises(StateConflict):
        record(Survey(LOSS, [], "seen"), current=ClaimStatus.REPORTED)
