"""What an engineer takes along."""

from __future__ import annotations

from uuid import UUID

from sqlalchemy import select

from services.risk.checklist import queries as checklists
from services.risk.checklist.rules import Section
from services.risk.checklist.schemas import ChecklistOut
from services.risk.exposure import queries as exposure
from services.risk.exposure.tables import Site
from services.risk.fieldwork.schemas import EarlierVisit, PackageOut, SiteBrief
from services.risk.hazard import queries as hazards
from services.risk.hazard.shapes import brief
from services.risk.inspection import queries as inspections
from services.risk.inspection.shapes import claim, item
from services.risk.inspection.tables import Inspection
from shared.clock import legal_day
from shared.database import Transaction


async def package(tx: Transaction, inspection: Inspection) -> PackageOut:
    """The visit with its place, checklist, the last report there, the customer's open hazards and claims."""
    site = None if inspection.site_id is None else await tx.session.get(Site, inspection.site_id)
    found = (await checklists.by_id(tx, [inspection.checklist_id])).get(inspection.checklist_id or UUID(int=0))
    parts = inspections.parts_of(inspection)
    return PackageOut(
        inspection=item(inspection), sections=[str(one) for one in Section],
        site=None if site is None else _brief(site),
        place=inspection.place, earlier_visit=await _earlier(tx, inspection),
        checklist=None if found is None else ChecklistOut.model_validate(found, from_attributes=True),
        earlier_hazards=brief(await hazards.of_customer(tx, inspection.customer_id)),
        claims=[claim(one) for one in await inspections.claims_of(tx, inspection)],
        scales=await exposure.thresholds(tx, "hazard"),
        sent={name: {"client_id": one["client_id"], "written_at": one["written_at"]} for name, one in parts.items()},
    )  # fmt: skip


def _brief(site: Site) -> SiteBrief:
    return SiteBrief(
        id=site.id, name=site.name, address=site.address, area_code=site.area_code, industry=site.industry,
        insured_count=site.insured_count, longitude=None if site.longitude is None else f"{site.longitude:f}",
        latitude=None if site.latitude is None else f"{site.latitude:f}",
    )  # fmt: skip


async def _earlier(tx: Transaction, inspection: Inspection) -> EarlierVisit | None:
    """The newest report on the same site; without a site, on the same policy."""
    same = Inspection.policy_id == inspection.policy_id
    if inspection.site_id is not None:
        same = Inspection.site_id == inspection.site_id
    elif inspection.policy_id is None:
        return None
    statement = select(Inspection).where(same, Inspection.reported_at.is_not(None), Inspection.id != inspection.id)
    last = await tx.scalar(statement.order_by(Inspection.inspected_at.desc(), Inspection.id.desc()).limit(1))
    if last is None or last.inspected_at is None:
        return None
    return EarlierVisit(
        inspection_id=last.id, inspection_no=last.inspection_no, inspected_on=legal_day(last.inspected_at),
        risk_level=last.risk_level, sections=last.sections, scores=last.scores,
    )  # fmt: skip
