"""How the directory answers."""

from __future__ import annotations

from gateway.organisation.schemas import DirectoryEntry
from shared.pagination import Page


class DirectoryPage(Page[DirectoryEntry]):
    """`partial` names the services that did not answer: their open items are not counted, their records not judged."""

    partial: list[str] | None = None
