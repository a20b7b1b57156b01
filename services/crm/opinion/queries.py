"""The lists of opinions and demands."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from services.crm.opinion.tables import Demand, Opinion
from shared.pagination import Filter, Listing

OPINIONS = Listing(
    model=Opinion,
    filters={
        "status": Filter(Opinion.status),
        "topic": Filter(Opinion.topic),
        "product": Filter(Opinion.product),
        "polarity": Filter(Opinion.polarity),
        "customer_id": Filter(Opinion.customer_id, UUID),
        "visit_id": Filter(Opinion.visit_id, UUID),
        "created_at": Filter(Opinion.created_at, datetime, ranged=True),
    },
)

DEMANDS = Listing(
    model=Demand,
    filters={
        "status": Filter(Demand.status),
        "product": Filter(Demand.product),
        "customer_id": Filter(Demand.customer_id, UUID),
        "visit_id": Filter(Demand.visit_id, UUID),
        "created_at": Filter(Demand.created_at, datetime, ranged=True),
    },
)
