"""The order of the rooms in each deployable: the spine first, then the life of the record.

A room imports only rooms before it. A new room gets its place here first; the import test refuses one without.
"""

from __future__ import annotations

ROOMS: dict[str, tuple[str, ...]] = {
    "gateway": (
        "organisation",
        "directives",
        "authority",
        "delegation",
        "identity",
        "forwarding",
        "directory",
        "structure",
        "workbench",
        "feed",
        "webhooks",
        "catalogue",
        "audit",
    ),
    "services.policy": ("policy", "core", "reconciliation"),
    "services.claims": (
        "claim",
        "deadlines",
        "matching",
        "cover",
        "duplicates",
        "guide",
        "intake",
        "placement",
        "survey",
        "documents",
        "reserve",
        "adjustment",
        "approval",
        "agreement",
        "payment",
        "payout",
        "archive",
    ),
    "services.risk": ("exposure", "inspection", "plan", "hazard", "key_risk"),
    "services.complaints": (
        "complaint",
        "clock",
        "registration",
        "assignment",
        "investigation",
        "decision",
        "statistics",
    ),
    "services.crm": (
        "reference",
        "customer",
        "timeline",
        "visit",
        "planning",
        "finding",
        "assignment",
        "merging",
        "core",
    ),
}
