"""How sites are shown."""

from __future__ import annotations

from services.risk.exposure.tables import Site
from services.risk.site import schemas
from services.risk.site.queries import SITE_ACTIONS
from shared.actions import judged
from shared.actor import Actor


def item(row: Site) -> schemas.SiteItem:
    """The site in a list."""
    position = None
    if row.longitude is not None and row.latitude is not None:
        position = schemas.Position(lon=row.longitude, lat=row.latitude)
    plain = {name: getattr(row, name) for name in schemas.SiteItem.model_fields if name != "position"}
    return schemas.SiteItem(**plain, position=position)


def alone(row: Site, actor: Actor, language: str) -> schemas.SiteOut:
    """The site read singly, and as a write answers it."""
    return schemas.SiteOut(
        **item(row).model_dump(), available_actions=judged(SITE_ACTIONS, actor, row, row.id, language)
    )
