"""What can be asked of the inbox, and how it is answered."""

from __future__ import annotations

from uuid import UUID

from pydantic import AwareDatetime, BaseModel, Field

from shared.ids import Id
from shared.pagination import Page
from shared.work_items import WorkItemOut


class InboxQuery(BaseModel):
    """Filters; a repeated one is an alternative, different ones must all hold."""

    kind: list[str] = Field(default=[], description="Kind of work, such as `approve` or `survey`.")
    assignee: list[str] = Field(default=[], description="`me`, the id of a person, or `none`: nobody in person yet.")
    unit_code: list[str] = Field(default=[], description="Work of this unit and of those below it.")
    due_before: AwareDatetime | None = None
    overdue: bool | None = Field(default=None, description="`true`: due earlier than now.")

    def persons(self, me: UUID) -> set[str | None]:
        """The assignees asked for; None stands for nobody. Raises `ValueError` for what is no person."""
        named = {"me": str(me), "none": None}
        return {named[one] if one in named else str(UUID(one)) for one in self.assignee}


class InboxOut(Page[WorkItemOut]):
    """By due time, what has none last. `partial`: services that did not answer; `truncated`: those with more items."""

    partial: list[str] | None = None
    truncated: list[str] | None = None


class CountOut(BaseModel):
    """Open items of one group; only the members asked for name it."""

    unit_code: str | None = None
    assignee_person_id: Id | None = None
    kind: str | None = None
    open: int
    overdue: int


class CountsOut(BaseModel):
    items: list[CountOut]
    partial: list[str] | None = None
    truncated: list[str] | None = None
