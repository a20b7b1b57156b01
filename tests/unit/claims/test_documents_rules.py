"""Missing papers, the one supplement notice, and consent to medical data."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest

from services.claims.claim.rules import ClaimStatus
from services.claims.documents import rules
from services.claims.documents.rules import ConsentBasis, SupplementItem
from services.claims.guide.rules import DocumentItem
from shared.errors import StateConflict, Text

SHIPPED = Path(__file__).parents[3] / "services/claims/rule_sets/consent.2026-1.toml"
AGE_LIMIT = tomllib.loads(SHIPPED.read_text(encoding="utf-8"))["content"]["guardian_consent_below_age"]


def item(code: str, required=True, held=False, medical=False) -> DocumentItem:
    return DocumentItem(code, Text(code, code), frozenset({"accident"}), frozenset({"any"}), required, held, medical)


LIST = [
    item("claim_request"),
    item("policy", required=False, held=True),
    item("medical_invoices", medical=True),
    item("other", required=False),
]


def request(items, current=ClaimStatus.DOCUMENTS_PENDING, again=False, received=()):
    return rules.request_supplements(current, items, already_requested=again, checklist=LIST, received=received)


def test_only_required_papers_of_the_claimant_can_be_missing():
    assert rules.missing(LIST, []) == ["claim_request", "medical_invoices"]
    assert rules.missing(LIST, ["claim_request", "medical_invoices"]) == []


def test_the_state_follows_what_is_outstanding():
    assert rules.after_delivery(ClaimStatus.ASSESSING, ["x"]) is ClaimStatus.DOCUMENTS_PENDING
    assert rules.after_delivery(ClaimStatus.ASSESSING, []) is ClaimStatus.DOCUMENTS_COMPLETE
    assert rules.after_delivery(ClaimStatus.DOCUMENTS_PENDING, ["x"]) is ClaimStatus.DOCUMENTS_PENDING
    assert rules.after_delivery(ClaimStatus.REPORTED, []) is ClaimStatus.REPORTED
    assert rules.after_delivery(ClaimStatus.IN_APPROVAL, []) is ClaimStatus.IN_APPROVAL


def test_one_notice_lists_what_is_wanted():
    asked = [SupplementItem("medical_invoices"), SupplementItem(description="photo of the stairs")]
    assert request(asked, ClaimStatus.ASSESSING) is ClaimStatus.DOCUMENTS_PENDING
    assert request(asked, ClaimStatus.DOCUMENTS_COMPLETE) is ClaimStatus.DOCUMENTS_PENDING


def test_a_second_notice_is_refused_whatever_it_asks():
    for items in ([], [SupplementItem("medical_invoices")]):
        with pytest.raises(rules.SupplementAlreadyRequested) as refused:
            request(items, again=True)
        assert refused.value.status == 409


def test_a_notice_without_items_is_refused():
    with pytest.raises(rules.SupplementItemsRequired) as refused:
        request([])
    assert refused.value.status == 422
    with pytest.raises(rules.SupplementItemsRequired) as refused:
        request([SupplementItem("other"), SupplementItem(description=" ")])
    assert [fault.pointer for fault in refused.value.faults] == ["#/items/1"]


def test_nobody_is_asked_for_what_the_insurer_holds():
    with pytest.raises(rules.AlreadyHeld) as refused:
        request(
            [SupplementItem("policy"), SupplementItem("other"), SupplementItem("claim_request")],
            received=["claim_request"],
        )
    assert [fault.members["document"] for fault in refused.value.faults] == ["policy", "claim_request"]


def test_no_notice_outside_the_assessment():
    with pytest.raises(StateConflict):
        request([SupplementItem("other")], ClaimStatus.DECIDED)


def test_supplements_end_the_pause_when_all_are_in():
    assert rules.outstanding_supplements(["a", "b"], ["b"]) == ["a"]
    assert rules.outstanding_supplements(["a", "b"], ["b", "a"]) == []
    with pytest.raises(rules.NoSupplementRequested):
        rules.outstanding_supplements(None, ["a"])


def test_a_child_does_not_consent_for_itself():
    with pytest.raises(rules.GuardianConsentRequired):
        rules.check_consent(ConsentBasis.CONSENT, 13, age_limit=AGE_LIMIT)
    rules.check_consent(ConsentBasis.CONSENT, 14, age_limit=AGE_LIMIT)
    rules.check_consent(ConsentBasis.CONSENT, None, age_limit=AGE_LIMIT)
    rules.check_consent(ConsentBasis.GUARDIAN_CONSENT, 3, age_limit=AGE_LIMIT)


def test_missing_consents_are_listed_only_once_medical_papers_are_here():
    assert rules.consents_missing(LIST, ["claim_request"], {"A": False, "B": False}, []) == []
    assert rules.consents_missing(LIST, ["medical_invoices"], {"A": False, "B": False}, ["A"]) == ["B"]
    assert rules.consents_missing(LIST, ["claim_request"], {"A": True, "B": False}, []) == ["A"]
