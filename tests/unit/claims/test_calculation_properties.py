"""What holds for every sheet, whatever the terms and the facts."""

from __future__ import annotations

from decimal import Decimal
from itertools import pairwise

from hypothesis import given, settings
from hypothesis import strategies as st

from services.claims.adjustment.rules import Beneficiary, LimitsUsed, PersonAccount, split_among_beneficiaries
from tests.support.calculations import ACCIDENT, SCALE, accident, liability, one

CENT = Decimal("0.01")
money = st.integers(0, 300_000_000).map(lambda cents: f"{Decimal(cents) / 100:.2f}")
rates = st.integers(0, 100).map(lambda share: f"{Decimal(share) / 100:.2f}")
counts = st.integers(0, 400)
DAMAGES = [
    "medical",
    "non_catalogue_medical",
    "nutrition",
    "nursing",
    "property",
    "mental_distress",
    "death_compensation",
]


def maybe(**terms):
    return st.fixed_dictionaries({}, optional=terms)


covers = maybe(
    basis=st.sampled_from(["fault", "strict"]),
    limit_per_accident=money,
    limit_per_person=money,
    aggregate_limit=money,
    death_benefit_per_person=money,
    medical_limit_per_person=money,
    medical_deductible=money,
    medical_reimbursement_rate=rates,
    non_catalogue_medical_rate=rates,
    wage_daily_amount=money,
    wage_waiting_days=counts,
    wage_max_days=counts,
    wage_offsets_disability=st.booleans(),
    disability_scale=st.just(SCALE),
    property_deductible_amount=money,
    property_deductible_rate=rates,
    property_deductible_rule=st.sampled_from(["max", "sum"]),
    expense_limits=maybe(legal=money, rescue=money, appraisal=money),
    expenses_inside_limit=st.booleans(),
    excluded_kinds=st.lists(st.sampled_from(DAMAGES), max_size=2),
    own_share=st.integers(1, 100).map(lambda share: f"{Decimal(share) / 100:.2f}"),
    allocation=st.sampled_from(["pro_rata", "injury_first"]),
)
losses = st.one_of(
    st.fixed_dictionaries(
        {"kind": st.sampled_from(DAMAGES), "amount": money}, optional={"other_sources_amount": money}
    ),
    st.fixed_dictionaries(
        {"kind": st.just("disability"), "grades": st.lists(st.integers(1, 10), min_size=1, max_size=3)}
    ),
    st.fixed_dictionaries({"kind": st.just("lost_wages"), "days": counts}),
)
claimants = st.lists(st.lists(losses, max_size=5), max_size=4).map(
    lambda people: [{"ref": f"R{at}", "kind": "third_party", "losses": own} for at, own in enumerate(people)]
)
facts = st.fixed_dictionaries(
    {
        "fault_ratio": rates,
        "liability_form": st.sampled_from(["several", "joint"]),
        "claimants": claimants,
        "expenses": st.lists(
            st.fixed_dictionaries({"kind": st.sampled_from(["legal", "rescue", "appraisal"]), "amount": money}),
            max_size=3,
        ),
    }
)


def adds_up(sheet):
    assert all(line.amount >= 0 for line in sheet.lines)
    assert all(line.amount == line.amount.quantize(CENT) for line in sheet.lines)
    assert sum(line.amount for line in sheet.lines) == sheet.gross_amount
    assert sum(one.amount for one in sheet.claimants) == sheet.indemnity_amount
    assert sheet.indemnity_amount + sheet.expense_amount == sheet.gross_amount
    assert sheet.own_share_amount + sheet.coinsurer_amount == sheet.gross_amount
    assert sheet.payable_amount + sheet.advances_deducted == sheet.own_share_amount
    assert sheet.payable_amount >= 0


@settings(max_examples=300, deadline=None)
@given(covers, facts, money)
def test_the_parts_of_a_liability_sheet_add_up_and_no_line_is_negative(cover, body, advance):
    sheet = liability(cover, body, advances=Decimal(advance))
    adds_up(sheet)
    assert sum(item.amount for item in sheet.recovery_items) <= sheet.indemnity_amount
    assert all(item.amount > 0 for item in sheet.recovery_items)
    assert sheet.advances_deducted + sheet.overpayment_amount == Decimal(advance)


@settings(max_examples=300, deadline=None)
@given(covers, facts, money)
def test_no_liability_sheet_exceeds_any_of_its_limits(cover, body, aggregate_left):
    sheet = liability(cover, body, used=LimitsUsed(aggregate_remaining=Decimal(aggregate_left)))
    within = sheet.gross_amount if cover.get("expenses_inside_limit") else sheet.indemnity_amount
    assert within <= Decimal(aggregate_left)
    if "limit_per_accident" in cover:
        assert within <= Decimal(cover["limit_per_accident"])
    for person in sheet.claimants:
        if "limit_per_person" in cover:
            injury = sum(one.amount for one in sheet.lines if one.claimant_ref == person.ref and one.kind != "property")
            assert injury <= Decimal(cover["limit_per_person"])
        if "medical_limit_per_person" in cover:
            medical = sum(
                line.amount
                for line in sheet.lines
                if line.claimant_ref == person.ref and line.kind in {"medical", "non_catalogue_medical", "nutrition"}
            )
            assert medical <= Decimal(cover["medical_limit_per_person"])
    for kind in ("legal", "rescue", "appraisal"):
        spent = sum(line.amount for line in sheet.lines if line.kind == kind)
        assert spent <= Decimal(cover.get("expense_limits", {}).get(kind, "0.00"))


@settings(max_examples=200, deadline=None)
@given(covers, facts)
def test_no_line_exceeds_the_loss_that_was_assessed(cover, body):
    assessed = [loss for person in body["claimants"] for loss in person["losses"] if "amount" in loss]
    lines = [line for line in liability(cover, body).lines if line.kind in DAMAGES]
    for loss, line in zip(assessed, lines, strict=True):
        assert line.amount <= Decimal(loss["amount"])


@settings(max_examples=200, deadline=None)
@given(covers, st.sampled_from(DAMAGES), money, money, rates)
def test_a_greater_loss_never_pays_less(cover, kind, smaller, more, ratio):
    greater = f"{Decimal(smaller) + Decimal(more):.2f}"
    paid = [
        liability(cover, one({"kind": kind, "amount": amount}) | {"fault_ratio": ratio}).gross_amount
        for amount in (smaller, greater)
    ]
    assert paid[0] <= paid[1]


@settings(max_examples=200, deadline=None)
@given(covers, facts, rates, rates)
def test_a_greater_share_of_the_fault_never_pays_less_beyond_the_rounding_of_its_lines(cover, body, one_rate, other):
    low, high = sorted((Decimal(one_rate), Decimal(other)))
    several = body | {"liability_form": "several"}
    less, more = (liability(cover, several | {"fault_ratio": str(ratio)}) for ratio in (low, high))
    assert less.gross_amount <= more.gross_amount + CENT * len(more.lines)


@settings(max_examples=200, deadline=None)
@given(covers, facts)
def test_joint_liability_never_pays_less_than_the_insureds_share_and_recovers_the_difference(cover, body):
    joint = liability(cover, body | {"liability_form": "joint"})
    several = liability(cover | {"basis": "fault"}, body | {"liability_form": "several"})
    difference = joint.indemnity_amount - several.indemnity_amount
    assert sum(item.amount for item in joint.recovery_items) == max(0, difference)


accident_losses = st.one_of(
    st.fixed_dictionaries(
        {"kind": st.just("disability"), "grades": st.lists(st.integers(1, 10), min_size=1, max_size=4)},
        optional={"includes_earlier_injury": st.booleans()},
    ),
    st.fixed_dictionaries({"kind": st.just("medical"), "amount": money}, optional={"other_sources_amount": money}),
    st.fixed_dictionaries({"kind": st.just("allowance"), "days": counts}),
)


@settings(max_examples=300, deadline=None)
@given(
    maybe(
        sum_insured=money,
        disability_scale=st.just(SCALE),
        medical_sum_insured=money,
        medical_deductible=money,
        medical_reimbursement_rate=rates,
        social_deduction_priced=st.booleans(),
        allowance_daily_amount=money,
        allowance_waiting_days=counts,
        allowance_max_days=counts,
        premium_charged_per_person=money,
        premium_due_per_person=money,
    ),
    st.lists(accident_losses, max_size=5),
    st.booleans(),
    money,
    money,
    money,
)
def test_an_accident_sheet_adds_up_and_stays_within_the_sums(cover, own, dead, same, earlier, medical):
    account = PersonAccount(
        disability_paid_same_accident=Decimal(same),
        disability_paid_earlier=Decimal(earlier),
        medical_paid=Decimal(medical),
    )
    all_losses = [*own, *([{"kind": "death"}] if dead else [])]
    sheet = accident(cover, one(*all_losses, kind="insured_person"), accounts={"A": account})
    adds_up(sheet)
    fixed = sum(line.amount for line in sheet.lines if line.kind in {"death", "disability"})
    bills = sum(line.amount for line in sheet.lines if line.kind == "medical")
    assert fixed <= max(0, Decimal(cover.get("sum_insured", "0.00")) - Decimal(same) - Decimal(earlier))
    assert bills <= max(0, Decimal(cover.get("medical_sum_insured", "0.00")) - Decimal(medical))


@given(st.lists(st.integers(1, 10), min_size=1, max_size=5))
def test_a_worse_injury_never_pays_less(grades):
    paid = [
        accident(ACCIDENT, one({"kind": "disability", "grades": [grade, *grades]}, kind="insured_person")).gross_amount
        for grade in range(10, 0, -1)
    ]
    # up to the worst grade but one the added injury may leave, raise or replace the rating; it never lowers it
    alone = accident(ACCIDENT, one({"kind": "disability", "grades": grades}, kind="insured_person")).gross_amount
    assert all(amount >= alone for amount in paid)
    beyond = [amount for grade, amount in zip(range(10, 0, -1), paid, strict=True) if grade < min(grades)]
    assert all(less <= more for less, more in pairwise(beyond))


@given(st.integers(0, 10**9), st.lists(st.integers(1, 100), min_size=1, max_size=6))
def test_the_beneficiaries_parts_make_the_whole(cents, weights):
    amount = Decimal(cents) / 100
    shares = [Decimal(weight) / sum(weights) for weight in weights[:-1]]
    people = [Beneficiary(str(at), share=share) for at, share in enumerate(shares)] + [Beneficiary("rest")]
    parts = split_among_beneficiaries(amount, people)
    assert sum(part.amount for part in parts) == amount
    assert all(part.amount >= 0 for part in parts)
