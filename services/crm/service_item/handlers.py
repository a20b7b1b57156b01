"""Defining what stands in the catalogue."""

from __future__ import annotations

from sqlalchemy import select

from services.crm.key_account.queries import scheme
from services.crm.service_item import queries, rules, shapes
from services.crm.service_item.schemas import DefineItem
from services.crm.service_item.tables import ServiceItem
from shared.actor import Actor
from shared.database import Database
from shared.errors import Conflict, Text
from shared.idempotency import Answer, RequestKey
from shared.ids import uuid7


class ItemKnown(Conflict):
    code = "service_item_known"
    title = Text("项目代码已存在", "The code is taken")
    detail = Text("本机构已有该代码的服务项目。", "The unit has an item with this code.")


async def define_item(db: Database, actor: Actor, key: RequestKey, command: DefineItem) -> Answer:
    """An item of the catalogue, for the caller's unit and all below it."""
    async with db.transaction(actor, key) as tx:
        tiers = [one.name for one in (await scheme(tx)).tiers]
        drafted = rules.Drafted(
            command.service_class, command.nature, command.eligible_tiers, command.yearly_quota, command.unit_cost,
            command.valid_from, command.valid_to,
        )  # fmt: skip
        rules.check_item(drafted, await queries.bar(tx), tiers)
        same = select(ServiceItem.id).where(ServiceItem.org_path == actor.scope, ServiceItem.code == command.code)
        if await tx.scalar(same) is not None:
            raise ItemKnown()
        row = ServiceItem(
            id=uuid7(), version=1, org_path=actor.scope, code=command.code, service_class=str(command.service_class),
            nature=command.nature, name_zh=command.name.zh, name_en=command.name.en,
            owner_service=command.owner_service, sla_working_days=command.sla_working_days,
            eligible_tiers=command.eligible_tiers, yearly_quota=command.yearly_quota, unit_cost=command.unit_cost,
            valid_from=command.valid_from, valid_to=command.valid_to,
        )  # fmt: skip
        tx.add(row)
        await tx.flush()
        after = {"code": row.code, "class": row.service_class, "eligible_tiers": row.eligible_tiers}
        tx.note("define", row, after=after)
        return tx.answer(shapes.item(row), location=f"/v1/service-items/{row.id}", version=row.version)
