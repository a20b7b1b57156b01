"""The calculation engine: cover terms and assessed facts in, a calculation sheet out. Pure: no I/O, no clock."""

from services.claims.adjustment.rules.accident import PersonAccount, calculate_accident, last_benefit_day
from services.claims.adjustment.rules.clauses import Clauses, Exclusion, read_exclusions
from services.claims.adjustment.rules.disability import (
    CompensationFigures,
    CompensationYears,
    combined_grade,
    read_compensation_figures,
)
from services.claims.adjustment.rules.liability import LimitsUsed, calculate_liability
from services.claims.adjustment.rules.losses import (
    CLAIMANT_KINDS,
    LIABILITY_FORMS,
    LOSS_KINDS,
    AssessedFacts,
    Claimant,
    Expense,
    Loss,
    read_facts,
)
from services.claims.adjustment.rules.payees import Beneficiary, PayeePart, split_among_beneficiaries
from services.claims.adjustment.rules.refusals import CalculationRefused
from services.claims.adjustment.rules.sheet import ClaimantTotal, RecoveryItem, Sheet, SheetLine
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
    "EXPENSE_KINDS",
    "LIABILITY_FORMS",
    "LOSS_KINDS",
    "MEDICAL_KINDS",
    "REDUCING_TERMS",
    "AccidentCover",
    "AssessedFacts",
    "Beneficiary",
    "CalculationRefused",
    "Claimant",
    "ClaimantTotal",
    "Clauses",
    "CompensationFigures",
    "CompensationYears",
    "Exclusion",
    "Expense",
    "LiabilityCover",
    "LimitsUsed",
    "Loss",
    "PayeePart",
    "PersonAccount",
    "RecoveryItem",
    "Sheet",
    "SheetLine",
    "calculate_accident",
    "calculate_liability",
    "combined_grade",
    "last_benefit_day",
    "read_accident_cover",
    "read_compensation_figures",
    "read_exclusions",
    "read_facts",
    "read_liability_cover",
    "split_among_beneficiaries",
]
