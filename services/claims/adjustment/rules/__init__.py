"""The calculation engine: cover terms and assessed facts in, a calculation sheet out. Pure: no I/O, no clock."""

from services.claims.adjustment.rules.accident import calculate_accident, last_benefit_day
from services.claims.adjustment.rules.calculation import (
    ENGINE_VERSION,
    NOT_IN_FORCE,
    UNRECORDED,
    Basis,
    Calculation,
    calculate,
    claimed_amount,
    digest_of,
)
from services.claims.adjustment.rules.clauses import Clauses, Exclusion, read_exclusions
from services.claims.adjustment.rules.disability import (
    CompensationFigures,
    CompensationYears,
    combined_grade,
    read_compensation_figures,
)
from services.claims.adjustment.rules.insured import PersonAccount
from services.claims.adjustment.rules.ledger import DEDUCTIBLES, Entry, Taken
from services.claims.adjustment.rules.liability import calculate_liability
from services.claims.adjustment.rules.limits import LimitsUsed
from services.claims.adjustment.rules.losses import (
    CLAIMANT_KINDS,
    LIABILITY_FORMS,
    LOSS_KINDS,
    AssessedFacts,
    Claimant,
    Expense,
    Loss,
    check_facts,
    read_facts,
)
from services.claims.adjustment.rules.overrides import OVERRIDDEN, Override, read_overrides
from services.claims.adjustment.rules.payees import Beneficiary, PayeePart, split_among_beneficiaries
from services.claims.adjustment.rules.refusals import CalculationRefused, OverrideAboveLimit
from services.claims.adjustment.rules.sheet import ClaimantTotal, RecoveryItem, Sheet, SheetLine
from services.claims.adjustment.rules.steps import (
    LimitExhausted,
    LossesMissing,
    PolicyNotMatched,
    SheetOutdated,
    after_assessment,
    may_assess,
    may_calculate,
    refuse_changed_basis,
    refuse_surveyor,
)
from services.claims.adjustment.rules.terms import (
    EXPENSE_KINDS,
    MEDICAL_KINDS,
    REDUCING_TERMS,
    AccidentCover,
    LiabilityCover,
    read_accident_cover,
    read_liability_cover,
)

__all__ = [
    "CLAIMANT_KINDS",
    "DEDUCTIBLES",
    "ENGINE_VERSION",
    "EXPENSE_KINDS",
    "LIABILITY_FORMS",
    "LOSS_KINDS",
    "MEDICAL_KINDS",
    "NOT_IN_FORCE",
    "OVERRIDDEN",
    "REDUCING_TERMS",
    "UNRECORDED",
    "AccidentCover",
    "AssessedFacts",
    "Basis",
    "Beneficiary",
    "Calculation",
    "CalculationRefused",
    "Claimant",
    "ClaimantTotal",
    "Clauses",
    "CompensationFigures",
    "CompensationYears",
    "Entry",
    "Exclusion",
    "Expense",
    "LiabilityCover",
    "LimitExhausted",
    "LimitsUsed",
    "Loss",
    "LossesMissing",
    "Override",
    "OverrideAboveLimit",
    "PayeePart",
    "PersonAccount",
    "PolicyNotMatched",
    "RecoveryItem",
    "Sheet",
    "SheetLine",
    "SheetOutdated",
    "Taken",
    "after_assessment",
    "calculate",
    "calculate_accident",
    "calculate_liability",
    "check_facts",
    "claimed_amount",
    "combined_grade",
    "digest_of",
    "last_benefit_day",
    "may_assess",
    "may_calculate",
    "read_accident_cover",
    "read_compensation_figures",
    "read_exclusions",
    "read_facts",
    "read_liability_cover",
    "read_overrides",
    "refuse_changed_basis",
    "refuse_surveyor",
    "split_among_beneficiaries",
]
