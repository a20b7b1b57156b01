"""What a version of the core makes of an application."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from uuid import UUID

import pytest

from services.policy.application.rules.lifecycle import NEXT, ApplicationKind, ApplicationStatus
from services.policy.core import rules as seam
from services.policy.core_answer import rules
from services.policy.core_answer.rules import Answered, Applied
from services.policy.policy.rules import ItemKind

POLICY, CUSTOMER = UUID(int=1), UUID(int=2)
APPLIED = Applied("proposal", "approved", "p", CUSTOMER, None)
ANSWERED = Answered("issue", "p", CUSTOMER, POLICY, Decimal("0.00"))
CHANGE = {"proposal": "issue", "endorsement": "endorse", "cancellation": "cancel"}


@pytest.mark.parametrize("kind", list(ApplicationKind))
@pytest.mark.parametrize("status", list(ApplicationStatus))
def test_an_application_only_goes_where_its_life_allows(kind: ApplicationKind, status: ApplicationStatus) -> None:
    applied = replace(APPLIED, kind=str(kind), status=str(status))
    for refund in ("0.00", "5.00"):
        answered = replace(ANSWERED, change=CHANGE[kind], refund_amount=Decimal(refund))
        if rules.conflict(applied, answered) is None:
            to = rules.becomes(applied, answered)
            assert to is None or ApplicationStatus(to) in NEXT[kind][status]


def test_what_does_not_fit_is_named() -> None:
    assert rules.conflict(APPLIED, ANSWERED) is None
    assert rules.conflict(APPLIED, replace(ANSWERED, change="endorse")) == "change"
    assert rules.conflict(APPLIED, replace(ANSWERED, product="q")) == "product"
    assert rules.conflict(APPLIED, replace(ANSWERED, customer_id=POLICY)) == "customer"
    assert rules.conflict(replace(APPLIED, policy_id=CUSTOMER), ANSWERED) == "policy"
    assert rules.conflict(replace(APPLIED, status="draft"), ANSWERED) == "status"


def test_every_kind_of_difference_has_an_owner() -> None:
    for kind in ItemKind:
        for made_here in (True, False):
            assert seam.owner_of(kind, "compared", made_here) in ("core", "anlan")
    assert seam.owner_of(ItemKind.PENDING_REFERENCE, "product:x", False) == "anlan"
    assert seam.owner_of(ItemKind.PENDING_REFERENCE, "seller:x", False) == "core"


def test_an_acknowledgement_kept_here_stays_and_what_contradicts_it_is_named() -> None:
    told = [{"clause_id": "A", "text_version": "1", "acknowledged_at": "2026-03-12T10:00:00+08:00"}]
    assert seam.own_acknowledgements(told, None).conflicts == []
    kept = seam.own_acknowledgements(told, {})
    assert (kept.conflicts, kept.exclusions[0]["acknowledged_at"]) == (["A"], None)
    silent = seam.own_acknowledgements([{**told[0], "acknowledged_at": None}], {})
    assert silent.conflicts == []
