"""How assessed facts and sheets are shown: names masked for all, medical details for claims positions only."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from services.claims.adjustment import queries, rules
from services.claims.adjustment.schemas import LossesOut, PayeeIn, PayeesOut, SheetOut
from services.claims.adjustment.tables import CalculationSheet, LossAssessment, PayeePlan
from services.claims.claim.queries import ClaimFacts
from services.claims.claim.schemas import RecordState
from services.claims.claim.tables import Claim
from shared import directory
from shared.actor import Actor
from shared.database import Transaction
from shared.masking import keyed_digest, masked_name, masked_text

UNMASK = "claims.medical.unmask"
_MEDICAL = ("grade", "grades", "days", "occurred_on", "includes_earlier_injury")


def state_of(claim: Claim) -> RecordState:
    return RecordState(id=claim.id, version=claim.version, status=claim.status)


def _name(claimant: Mapping[str, Any]) -> str | None:
    return masked_name(claimant["name"]) if claimant.get("name") else None


def _loss(loss: Mapping[str, Any], plain: bool) -> dict[str, Any]:
    told = dict(loss) if plain else {name: value for name, value in loss.items() if name not in _MEDICAL}
    if "repairer" in told:
        told["repairer"] = {name: value for name, value in told["repairer"].items() if name != "digest"}
    return told


def losses(row: LossAssessment, claim: Claim, actor: Actor, staff_no: str) -> LossesOut:
    """The assessment for one caller."""
    plain, facts = actor.may(UNMASK), row.facts
    claimants, masked = [], []
    for at, one in enumerate(facts["claimants"]):
        told = {name: value for name, value in one.items() if name not in ("id_digest", "name", "losses")}
        if not plain:
            told.pop("age_at_loss", None)
        told |= {"losses": [_loss(loss, plain) for loss in one.get("losses", ())]}
        if one.get("name"):
            told["name"] = _name(one)
            masked.append(f"claimants.{at}.name")
        claimants.append(told)
    masked += [] if plain else ["claimants.medical"]
    return LossesOut(
        number=row.number, created_at=row.created_at,
        assessed_by={"person_id": str(row.person_id), "staff_no": staff_no},
        liability_form=facts["liability_form"], fault_ratio=facts.get("fault_ratio"), claimants=claimants,
        expenses=facts["expenses"], masked=masked, claim=state_of(claim),
    )  # fmt: skip


def sheet(row: CalculationSheet, claim: Claim, actor: Actor, staff_no: str, *, with_claim: bool = False) -> SheetOut:
    """A sheet for one caller; explanations tell of injuries and are hidden from whoever may not read these."""
    plain, content = actor.may(UNMASK), row.content
    lines = [one if plain else _hidden(one) for one in content["lines"]]
    return SheetOut(
        id=row.id, created_at=row.created_at, sheet_version=row.sheet_version,
        superseded=row.sheet_version != claim.sheet_version, loss_number=row.loss_number,
        policy_version=row.policy_version, engine_version=row.engine_version,
        calculated_by={"person_id": str(row.person_id), "staff_no": staff_no}, digest=row.digest,
        disregarded_clause_ids=row.disregarded_clause_ids, overrides=row.overrides, **{**content, "lines": lines},
        masked=[] if plain else ["lines.explanation"], claim=state_of(claim) if with_claim else None,
    )  # fmt: skip


def _hidden(line: Mapping[str, Any]) -> dict[str, Any]:
    return {**line, "explanation": {language: masked_text(text) for language, text in line["explanation"].items()}}


async def sheets(tx: Transaction, claim: Claim) -> list[SheetOut]:
    """All sheets of the claim, the newest first."""
    rows = await queries.sheets_of(tx, claim.id)
    staff = await directory.staff_numbers(tx, [row.person_id for row in rows])
    return [sheet(row, claim, tx.actor, staff.get(row.person_id, "")) for row in rows]


def stored_payee(told: PayeeIn, digest_key: bytes) -> dict[str, Any]:
    """A payee as he is kept: the account and the identity number only as keyed digests."""
    body = told.model_dump(mode="json", exclude_none=True, exclude={"id_no", "account"})
    body["name"] = told.name.strip()
    for name, value in (("id_digest", told.id_no), ("account_digest", told.account)):
        body |= {name: keyed_digest(digest_key, value)} if value else {}
    return body


def payees(row: PayeePlan, claim: Claim, staff_no: str, *, voided: bool = False) -> PayeesOut:
    """The plan for a caller: names masked, digests left out, whether an account was named."""
    shown = [
        {name: value for name, value in one.items() if not name.endswith("_digest")}
        | {"name": masked_name(one["name"]), "account_named": "account_digest" in one}
        for one in row.payees
    ]
    return PayeesOut(
        number=row.number, created_at=row.created_at, payees=shown, digest=row.digest, voided=voided,
        named_by={"person_id": str(row.person_id), "staff_no": staff_no},
        masked=[f"payees.{at}.name" for at in range(len(shown))], claim=state_of(claim),
    )  # fmt: skip


async def parts(tx: Transaction, facts: ClaimFacts) -> Mapping[str, Any]:
    """`claimants` of the claim read singly: who claims, and what the sheet in force pays them."""
    row = await queries.newest_losses(tx, facts.claim.id)
    if row is None:
        return {}
    current = await queries.current_sheet(tx, facts.claim)
    amounts = {one["ref"]: one["amount"] for one in current.content["claimants"]} if current else {}
    claimants, masked = [], []
    for at, one in enumerate(row.facts["claimants"]):
        told: dict[str, Any] = {"ref": one["ref"], "kind": one["kind"]}
        if one.get("name"):
            told["name"] = _name(one)
            masked.append(f"claimants.{at}.name")
        told |= {"amount": amounts[one["ref"]]} if one["ref"] in amounts else {}
        claimants.append(told)
    return {"claimants": claimants, "masked": masked}


async def plain_values(tx: Transaction, claim: Claim) -> dict[str, str | None]:
    """What a reveal of a claim can show of its claimants, by the path of the field."""
    row = await queries.newest_losses(tx, claim.id)
    claimants = row.facts["claimants"] if row else ()
    return {f"claimants.{at}.name": one.get("name") for at, one in enumerate(claimants)}


def line_of(claim: Claim) -> str:
    """The line of business, which only a matched policy tells."""
    if claim.line is None:
        raise rules.PolicyNotMatched()
    return claim.line
