"""The policies of the demonstration: binding shape, terms allowed for their line, customers that exist."""

from __future__ import annotations

import json
import re
from collections import Counter
from datetime import date, datetime, timedelta
from decimal import Decimal
from itertools import chain
from zoneinfo import ZoneInfo

import pytest

from embedded.demonstration.customers import customers
from embedded.demonstration.ndjson import ndjson
from embedded.demonstration.network import story_units, sub_branch_codes
from embedded.demonstration.people import staff_by
from embedded.demonstration.policies import customer_count, policies
from embedded.demonstration.story import story_policies, story_policy_numbers

TODAY = date(2026, 11, 24)
ZONE = ZoneInfo("Asia/Shanghai")
KEYS = {
    "policy_no", "core_version", "change", "application_id", "customer_core_no", "product", "line", "unit_code",
    "seller_staff_no", "status", "issued_on", "starts_at", "ends_at", "effective_at", "ended_at", "risk_level",
    "reinsured", "premium", "premium_delta", "refund_amount", "premium_status", "insured_count", "exclusions",
    "insured_persons", "cover",
}  # fmt: skip
PERSON_KEYS = {
    "ref", "name", "id_type", "id_no", "occupation_class", "from", "to", "sum_insured", "beneficiaries",
}  # fmt: skip
COVER = {
    "liability": {
        "basis", "limit_per_accident", "limit_per_person", "aggregate_limit", "death_benefit_per_person",
        "medical_limit_per_person", "medical_deductible", "medical_reimbursement_rate", "non_catalogue_medical_rate",
        "medical_kinds", "wage_daily_amount", "wage_waiting_days", "wage_max_days", "wage_offsets_disability",
        "disability_scale", "property_deductible_amount", "property_deductible_rate", "property_deductible_rule",
        "expense_limits", "expenses_inside_limit", "excluded_kinds", "own_share", "allocation",
    },
    "accident": {
        "sum_insured", "disability_scale", "medical_sum_insured", "medical_deductible", "medical_reimbursement_rate",
        "social_deduction_priced", "allowance_daily_amount", "allowance_waiting_days", "allowance_max_days",
        "benefit_days", "premium_charged_per_person", "premium_due_per_person",
    },
}  # fmt: skip
LINE = {
    "employers_liability": "liability", "public_liability": "liability", "work_safety_liability": "liability",
    "school_liability": "liability", "carrier_liability": "liability", "group_accident": "accident",
    "construction_accident": "accident", "student_accident": "accident",
}  # fmt: skip
MONEY = re.compile(r"[0-9]{1,16}\.[0-9]{2}")
RATE = re.compile(r"[01]\.[0-9]{2}")
RATES = {
    "medical_reimbursement_rate", "non_catalogue_medical_rate", "property_deductible_rate", "own_share",
}  # fmt: skip
WORDS = {"basis", "property_deductible_rule", "allocation"}


@pytest.fixture(scope="module")
def found():
    return policies(2000, 32, TODAY)


def story(number, today=TODAY):
    return {policy["policy_no"]: policy for policy in story_policies(today)}[number]


def test_bodies_have_exactly_the_keys_of_the_core_systems_put(found):
    for policy in found:
        assert set(policy) == KEYS
        assert policy["line"] == LINE[policy["product"]]
        assert policy["change"] == {"kind": "issue", "no": policy["policy_no"], "reason": None}
        assert policy["risk_level"] in {"high", "medium", "low"}
        assert policy["exclusions"]


def test_all_eight_products_occur_and_policy_numbers_are_unique(found):
    assert len(found) == 2000
    assert {policy["product"] for policy in found} == set(LINE)
    assert len({policy["policy_no"] for policy in found}) == 2000
    assert all(re.fullmatch(r"[A-Z]{3}20\d\d-32-\d{6}", policy["policy_no"]) for policy in found)


def test_cover_has_only_terms_its_line_knows(found):
    for policy in found:
        assert set(policy["cover"]) <= COVER[policy["line"]]


def test_amounts_and_rates_are_well_formed_strings(found):
    for policy in found:
        assert all(MONEY.fullmatch(policy[key]) for key in ("premium", "premium_delta", "refund_amount"))
        assert Decimal(policy["premium"]) > 0
        for key, value in policy["cover"].items():
            if isinstance(value, str) and key not in WORDS:
                assert (RATE if key in RATES else MONEY).fullmatch(value), key
        amounts = policy["cover"].get("expense_limits", {}).values()
        assert all(MONEY.fullmatch(amount) for amount in amounts)


def test_a_disability_scale_names_ten_grades_that_fall(found):
    for policy in found:
        scale = policy["cover"].get("disability_scale")
        if scale:
            assert list(scale) == [str(grade) for grade in range(1, 11)]
            rates = [Decimal(rate) for rate in scale.values()]
            assert rates == sorted(rates, reverse=True)


def test_every_customer_exists_and_shares_unit_and_seller(found):
    known = {customer["core_no"]: customer for customer in customers(customer_count(2000), 32)}
    for policy in found:
        customer = known[policy["customer_core_no"]]
        assert policy["unit_code"] == customer["unit_code"]
        assert policy["seller_staff_no"] == customer["manager_staff_no"]
        if customer["kind"] == "person":
            assert (policy["product"], policy["insured_count"]) == ("student_accident", 1)


@pytest.mark.parametrize("n", [0, 1, 4, 5, 6, 7, 30])
def test_a_longer_list_begins_with_the_shorter_one_and_needs_no_more_customers(found, n):
    short = policies(n, 32, TODAY)
    assert short == found[:n]
    known = {customer["core_no"] for customer in customers(customer_count(n), 32)}
    assert {policy["customer_core_no"] for policy in short} <= known


def test_the_same_seed_gives_the_same_and_another_seed_another_list(found):
    assert policies(2000, 32, TODAY) == found
    other = policies(200, 33, TODAY)
    assert other[:5] == found[:5]
    assert other[5:] != found[5:200]


def test_most_are_in_force_some_over_some_yet_to_begin(found):
    now = datetime(2026, 11, 24, 12, tzinfo=ZONE)
    count = Counter()
    for policy in found:
        starts, ends = (datetime.fromisoformat(policy[key]) for key in ("starts_at", "ends_at"))
        assert starts < ends
        assert policy["effective_at"] == policy["starts_at"]
        over = ends <= now
        assert policy["status"] == ("expired" if over else "in_force")
        assert policy["ended_at"] == (policy["ends_at"] if over else None)
        count["over" if over else "future" if starts > now else "running"] += 1
    assert count["running"] > 1500
    assert count["over"] > 100
    assert count["future"] > 100


def test_a_policy_is_issued_before_it_starts_and_before_today_and_acknowledged_before_that(found):
    unsigned = 0
    for policy in found:
        issued = date.fromisoformat(policy["issued_on"])
        assert issued < TODAY
        assert issued < datetime.fromisoformat(policy["starts_at"]).date()
        for exclusion in policy["exclusions"]:
            assert set(exclusion) == {"clause_id", "text_version", "acknowledged_at"}
            at = exclusion["acknowledged_at"]
            unsigned += at is None
            assert at is None or datetime.fromisoformat(at).date() < issued
    assert 0 < unsigned < 200


def test_accident_policies_list_their_insured_and_liability_policies_none(found):
    for policy in found:
        if policy["line"] == "liability":
            assert policy["insured_persons"] == []
            continue
        assert policy["insured_count"] == len(policy["insured_persons"]) > 0
        assert Decimal(policy["premium"]) == (
            Decimal(policy["cover"]["premium_charged_per_person"]) * policy["insured_count"]
        )
        for person in policy["insured_persons"]:
            assert set(person) == PERSON_KEYS
            assert person["sum_insured"] == policy["cover"]["sum_insured"]
            assert (person["from"], person["to"]) == (policy["starts_at"][:10], policy["ends_at"][:10])


def test_resident_ids_of_insured_persons_are_valid_unique_and_of_the_right_age(found):
    seen = set()
    for policy in found:
        for person in policy["insured_persons"]:
            id_no = person["id_no"]
            digits = [10 if sign == "X" else int(sign) for sign in id_no]
            assert sum(digit << (17 - place) for place, digit in enumerate(digits)) % 11 == 1
            age = (TODAY - datetime.strptime(id_no[6:14], "%Y%m%d").replace(tzinfo=ZONE).date()).days / 365.25
            assert (6 < age < 18) == (policy["product"] == "student_accident")
            assert age < 65
            assert id_no[:6] == policy["unit_code"]
            seen.add(id_no)
    assert len(seen) == sum(len(policy["insured_persons"]) for policy in found)


def test_minors_are_insured_within_the_cap_for_death(found):
    sums = {Decimal(policy["cover"]["sum_insured"]) for policy in found if policy["product"] == "student_accident"}
    assert max(sums) <= 200_000


def test_beneficiaries_are_relatives_whose_shares_make_a_whole_or_are_all_absent(found):
    kinds = Counter()
    for person in chain.from_iterable(policy["insured_persons"] for policy in found):
        named = person["beneficiaries"]
        assert {one["relation"] for one in named} <= {"spouse", "child", "parent"}
        shares = [Decimal(one["share"]) for one in named if "share" in one]
        assert len(shares) in {0, len(named)}
        assert not shares or sum(shares) == 1
        kinds["none" if not named else "shared" if shares else "equal"] += 1
    assert min(kinds[kind] for kind in ("none", "shared", "equal")) > 100


def test_every_unit_of_a_policy_is_a_sub_branch_with_that_seller(found):
    subs = set(sub_branch_codes())
    for policy in found:
        assert policy["unit_code"] in subs
        sellers = {agent["staff_no"] for agent in staff_by("sales_agent", policy["unit_code"])}
        assert policy["seller_staff_no"] in sellers


@pytest.mark.parametrize("today", [date(2024, 2, 29), date(2026, 4, 18), date(2026, 11, 24), date(2028, 4, 29)])
def test_story_policies_cover_any_day_under_the_same_numbers(today):
    told = story_policies(today)
    assert tuple(policy["policy_no"] for policy in told) == story_policy_numbers()
    assert set(story_policy_numbers()) == {
        "PLL2026-32-000001", "PPA2026-32-000001", "PEL2026-32-000001", "PPA2026-32-000002", "PWS2026-32-000001",
    }  # fmt: skip
    assert policies(5, 99, today) == told
    for policy in told:
        starts, ends = (datetime.fromisoformat(policy[key]).date() for key in ("starts_at", "ends_at"))
        assert starts <= today - timedelta(days=60)
        assert ends > today + timedelta(days=240)
        assert policy["status"] == "in_force"
        assert policy["unit_code"] in story_units().sub_branches
        assert all(exclusion["acknowledged_at"] for exclusion in policy["exclusions"])


def test_the_story_of_a_fault_at_a_shop_has_its_terms():
    assert story("PLL2026-32-000001")["cover"] == {
        "basis": "fault",
        "limit_per_accident": "2000000.00",
        "limit_per_person": "500000.00",
        "aggregate_limit": "10000000.00",
        "medical_limit_per_person": "50000.00",
        "property_deductible_amount": "2000.00",
        "property_deductible_rate": "0.10",
        "property_deductible_rule": "max",
        "expense_limits": {"legal": "200000.00"},
        "own_share": "1.00",
        "allocation": "pro_rata",
    }


def test_the_story_of_a_fatal_accident_at_work_has_its_terms():
    cover = story("PEL2026-32-000001")["cover"]
    assert "limit_per_person" not in cover
    assert (cover["death_benefit_per_person"], cover["aggregate_limit"]) == ("600000.00", "1100000.00")
    assert (cover["disability_scale"]["4"], cover["disability_scale"]["10"]) == ("0.60", "0.05")
    assert (cover["medical_limit_per_person"], cover["medical_deductible"]) == ("60000.00", "200.00")


def test_the_stories_of_personal_accidents_have_their_terms():
    single, night = story("PPA2026-32-000001"), story("PPA2026-32-000002")
    assert (single["premium"], single["insured_count"]) == ("365.00", 1)
    assert single["cover"]["social_deduction_priced"] is True
    assert single["cover"]["disability_scale"]["7"] == "0.40"
    # 4,285.00 of medical costs give 3,268.00, within what the sub-branch may decide.
    cover = night["cover"]
    paid = (Decimal("4285.00") - Decimal(cover["medical_deductible"])) * Decimal(cover["medical_reimbursement_rate"])
    assert paid == Decimal("3268.00")
    assert paid <= Decimal(cover["medical_sum_insured"])


def test_the_story_of_the_chemical_works_is_compulsory_cover_at_high_risk():
    policy = story("PWS2026-32-000001")
    assert (policy["product"], policy["risk_level"]) == ("work_safety_liability", "high")
    assert policy["cover"]["limit_per_accident"] == "5000000.00"
    assert Decimal(policy["cover"]["limit_per_person"]) >= 400_000


def test_another_province_tells_the_stories_at_its_own_units():
    told = policies(20, 32, TODAY, "11")
    assert told[0]["policy_no"] == "PLL2026-11-000001"
    assert {policy["unit_code"] for policy in told} <= set(sub_branch_codes("11"))


def test_import_lines_are_one_json_body_each(found):
    lines = list(ndjson(found[:50]))
    assert all(line.endswith(b"\n") and line.count(b"\n") == 1 for line in lines)
    assert [json.loads(line) for line in lines] == found[:50]
    assert "岚" in b"".join(ndjson(customers(1))).decode()
