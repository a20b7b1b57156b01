"""What can be asked of the inbox, and how it is answered."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from pydantic import AwareDatetime, BaseModel, Field

from shared.pagination import Page
from shared.work_items import WorkItemOut
from shared.work_views import ItemCountOut


class CountsQuery(BaseModel):
    """Filters; a repeated one is an alternative, different ones must all hold."""

    kind: list[str] = Field(default=[], max_length=100, description="Kind of work, such as `approve` or `survey`.")
    assignee: list[str] = Field(
        default=[], max_length=100, description="`me`, the id of a person, or `none`: nobody in person yet."
    )
    unit_code: list[str] = Field(default=[], max_length=100, description="Work of this unit and of those below it.")
    due_before: AwareDatetime | None = None
    overdue: bool | None = Field(default=None, description="`true`: due earlier than now.")

    def persons(self, me: UUID) -> tuple[list[UUID], bool]:
        """The assignees asked for, and whether nobody is one of them. Raises `ValueError` for what is no person."""
        named = [me if one == "me" else UUID(one) for one in self.assignee if one != "none"]
        return named, "none" in self.assignee


class GroupedQuery(CountsQuery):
    group_by: str = Field(default="unit", description="`unit`, `person`, `kind`, or several of them with commas.")


class InboxQuery(CountsQuery):
    limit: int = Field(default=50, ge=1, le=200)
    cursor: str | None = Field(default=None, max_length=1000)


class InboxItem(WorkItemOut):
    service: str = Field(description="Who owns the record; `organisation` is the gateway itself.")


class InboxOut(Page[InboxItem]):
    """By legal due day, within the day by priority, what has no due time last. `partial`: services that did not
    answer in time; what they have is not in this page."""

    partial: list[str] | None = None


class CountsOut(BaseModel):
    items: list[ItemCountOut]
    partial: list[str] | None = None


class ReassignmentOut(BaseModel):
    """One item, by `ref` its id; `status` as the request for it alone would have got, with `data` or `problem`."""

    ref: str
    status: int
    data: dict[str, Any] | None = None
    problem: dict[str, Any] | None = None


class ReassignmentsOut(BaseModel):
    results: list[ReassignmentOut]
