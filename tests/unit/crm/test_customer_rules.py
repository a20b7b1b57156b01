"""Identity numbers, phones, and who serves a customer."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.crm.customer import rules
from services.crm.customer.rules import Assignment, CustomerKind, Identity, IdType
from shared.errors import ValidationFailed

TODAY = date(2026, 11, 24)
VALID = "11010519491231002X"


def doubt(id_type: IdType, number: str) -> str | None:
    found = rules.doubt_about(id_type, number, TODAY)
    return found.code if found else None


def test_a_right_resident_id_raises_no_doubt_in_any_writing():
    for number in (VALID, VALID.lower(), "110105 19491231 002X", "１１０１０５19491231002Ｘ"):
        assert doubt(IdType.RESIDENT_ID, number) is None
    assert rules.born_on(VALID) == date(1949, 12, 31)


def test_an_old_resident_id_is_read_as_the_new_one():
    assert rules.full_resident_id("110105491231002") == VALID
    assert doubt(IdType.RESIDENT_ID, "110105491231002") is None
    assert rules.born_on("110105491231002") == date(1949, 12, 31)


@pytest.mark.parametrize(
    ("number", "code"),
    [
        ("110105194912310021", "id_check_sign"),
        ("11010519491331002X", "id_birthday"),
        ("110105202902300022", "id_birthday"),
        ("1101051949123100", "id_format"),
        ("01010519491231002X", "id_format"),
        ("11010X19491231002X", "id_format"),
        ("", "id_format"),
    ],
)
def test_a_wrong_resident_id_says_what_is_wrong(number, code):
    assert doubt(IdType.RESIDENT_ID, number) == code


def test_nobody_is_born_tomorrow():
    body = "11010520261125001"
    number = body + rules.resident_id_check(body)
    assert doubt(IdType.RESIDENT_ID, number) == "id_birthday"
    assert rules.doubt_about(IdType.RESIDENT_ID, number, date(2026, 11, 25)) is None


@given(st.text("0123456789", min_size=3, max_size=3), st.dates(date(1900, 1, 1), TODAY), st.integers(0, 16))
def test_one_wrong_digit_never_passes(serial, birthday, place):
    body = f"320102{birthday:%Y%m%d}{serial}"
    assert doubt(IdType.RESIDENT_ID, body + rules.resident_id_check(body)) is None
    changed = body[:place] + str((int(body[place]) + 1) % 10) + body[place + 1 :]
    assert doubt(IdType.RESIDENT_ID, changed + rules.resident_id_check(body)) is not None


def test_a_credit_code_has_a_check_sign():
    body = "91320100MA0000000"
    assert doubt(IdType.USCC, body + rules.uscc_check(body)) is None
    assert doubt(IdType.USCC, "91320100MA00000000") == "id_check_sign"
    assert doubt(IdType.USCC, "91320100MI00000000") == "id_format"


@pytest.mark.parametrize(
    ("id_type", "number", "right"),
    [
        (IdType.HK_MACAU_PERMIT, "H12345678", True),
        (IdType.HK_MACAU_PERMIT, "m1234567801", True),
        (IdType.HK_MACAU_PERMIT, "T12345678", False),
        (IdType.TAIWAN_PERMIT, "12345678", True),
        (IdType.TAIWAN_PERMIT, "1234567890B", True),
        (IdType.TAIWAN_PERMIT, "1234567", False),
        (IdType.PASSPORT, "E12345678", True),
        (IdType.PASSPORT, "E12", False),
    ],
)
def test_permits_and_passports_have_their_form(id_type, number, right):
    assert (doubt(id_type, number) is None) is right


@pytest.mark.parametrize("phone", ["13800000000", "+86 138-0000-0000", "0086 13800000000", "１３８００００００００"])
def test_a_mobile_is_recognised_in_any_writing(phone):
    assert rules.is_mobile(phone)
    assert rules.plain_phone(phone) == "13800000000"


def test_other_numbers_can_be_called_and_nonsense_cannot():
    for phone in ("02500000000", "(010) 6123-4567", "0512 61234567", "4008123456", "95519", "+44 20 7946 0000"):
        assert rules.is_phone(phone)
        assert not rules.is_mobile(phone)
    for phone in ("12800000000", "1380000000", "phone", "", "61234567"):
        assert not rules.is_phone(phone)


def test_age_is_counted_in_full_years():
    assert rules.age_on(date(2012, 11, 25), TODAY) == 13
    assert rules.age_on(date(2012, 11, 24), TODAY) == 14
    assert rules.age_on(date(2012, 2, 29), date(2026, 2, 28)) == 13


PERSON = Identity(CustomerKind.PERSON, "欧阳岚", IdType.RESIDENT_ID, VALID, ("13800000000",))


def test_a_complete_identity_is_taken_also_without_id():
    rules.check_identity(PERSON, TODAY)
    rules.check_identity(replace(PERSON, id_type=None, id_no=None, phones=()), TODAY)


def test_everything_wrong_with_an_identity_is_told_at_once():
    wrong = Identity(CustomerKind.ORGANISATION, " ", IdType.RESIDENT_ID, "123", ("1", "13800000000", "2"))
    with pytest.raises(ValidationFailed) as refused:
        rules.check_identity(wrong, TODAY)
    assert [(fault.code, fault.pointer) for fault in refused.value.faults] == [
        ("name_required", "#/name"),
        ("id_type_of_other_kind", "#/id_type"),
        ("id_format", "#/id_no"),
        ("phone_format", "#/phone"),
        ("phone_format", "#/contacts/1/phone"),
    ]
    for half in ({"id_no": None}, {"id_type": None}):
        with pytest.raises(ValidationFailed) as refused:
            rules.check_identity(replace(PERSON, **half), TODAY)
        assert refused.value.faults[0].code == "id_incomplete"


def codes(given: Assignment, areas=("3205",), open_assignments=0) -> list[str]:
    try:
        rules.check_assignment(given, areas, open_assignments=open_assignments)
    except ValidationFailed as refused:
        return [fault.code for fault in refused.faults]
    return []


def test_a_customer_has_one_unit_with_its_own_team_and_manager():
    assert codes(Assignment("320101", "320101", "320101")) == []
    assert codes(Assignment("320101", "320102", "3201"), open_assignments=1) == [
        *("assignment_open", "team_of_other_unit", "manager_of_other_unit")
    ]


def test_a_branchs_local_unit_takes_no_foreign_area():
    assert codes(Assignment("3200", area_code="320508", unit_kind="branch_local")) == []
    assert codes(Assignment("3200", area_code="320102", unit_kind="branch_local")) == ["area_of_other_unit"]
    assert codes(Assignment("3201", area_code="320102")) == []


@pytest.mark.parametrize(
    ("phone", "known"),
    [
        ("+852 2345 6789", True), ("00852-61234567", True), ("+85212345678", False), ("+852 234567", False),
        ("+853 6612 3456", True), ("+853 2871 1234", True), ("+853 1111 2222", False),
        ("+886 0912 345 678", True), ("+886912345678", True), ("+886 2 2345 6789", True), ("+886 1234567", False),
        ("+81 3 1234 5678", True),
    ],
)  # fmt: skip
def test_phones_of_hong_kong_macau_and_taiwan_are_measured_by_their_own_plans(phone: str, known: bool) -> None:
    assert rules.is_phone(phone) is known


def test_a_permanent_residence_is_checked_like_a_resident_id() -> None:
    body = "9" + "11" + "010" + "19900307" + "123"
    good = body + rules.resident_id_check(body)
    today = date(2026, 11, 24)
    wrong = good[:17] + ("0" if good[17] != "0" else "1")
    assert doubt(IdType.PERMANENT_RESIDENT, good) is None
    assert doubt(IdType.PERMANENT_RESIDENT, wrong) == "id_check_sign"
    assert doubt(IdType.PERMANENT_RESIDENT, "CAN110078051001") is None
    assert doubt(IdType.PERMANENT_RESIDENT, "CA1100780510") == "id_format"
    assert rules.born_on(good) == date(1990, 3, 7) < today
