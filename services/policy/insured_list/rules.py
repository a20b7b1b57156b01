"""When a list may come, and what a change of one means. Pure."""

from __future__ import annotations

from collections.abc import Collection

from shared.errors import Conflict, Fault, Text, ValidationFailed


class VersionNotStored(Conflict):
    """Member: `core_version`."""

    code = "version_not_stored"
    title = Text("该版本尚未收到", "That version has not come yet")
    detail = Text(
        "保单第 {core_version} 版尚未收到，请先发送该版本。", "Version {core_version} is not stored; send it first."
    )


class DeltaOutOfOrder(Conflict):
    """Member: `newest`, the version whose list is the newest."""

    code = "delta_out_of_order"
    title = Text("增减名单的次序不对", "The change comes out of order")
    detail = Text(
        "第 {newest} 版名单已收到，较早版本请发送完整名单。",
        "The list of version {newest} is here; send whole lists of earlier versions.",
    )


class DeltaWithoutList(Conflict):
    code = "delta_without_list"
    title = Text("没有可增减的名单", "There is no list to change")
    detail = Text("该保单尚无名单，请先发送完整名单。", "The policy has no list yet; send a whole one first.")


def base_of(mode: str, number: int, stored: Collection[int], lists: Collection[int]) -> int | None:
    """The version whose list a change starts from; None for a whole list.

    `stored`: versions that are stored; `lists`: those that have a list. A list without its version waits at the core
    (409), and so does a change that comes after a later list, or before any (409).
    """
    if number not in stored:
        raise VersionNotStored(core_version=number)
    if mode == "full":
        return None
    newest = max(lists, default=None)
    if newest is None:
        raise DeltaWithoutList()
    if newest >= number:
        raise DeltaOutOfOrder(newest=newest)
    return newest


def check_line(mode: str, op: str | None, has_person: bool) -> str:
    """What a line does: `add` or `remove`. Refuses (422) a removal in a whole list, and a line that adds nobody."""
    if mode == "full" and op not in (None, "add"):
        words = Text("完整名单中没有移除。", "A whole list removes nobody.")
        raise ValidationFailed(Fault("op_not_in_full_list", words, pointer="#/op"))
    if mode == "delta" and op is None:
        words = Text("增减名单的每行须写明 op。", "Each line of a change says what it does.")
        raise ValidationFailed(Fault("op_required", words, pointer="#/op"))
    if op != "remove" and not has_person:
        words = Text("新增人员的资料不完整。", "Whom a line adds, it names in full.")
        raise ValidationFailed(Fault("person_required", words, pointer="#"))
    return op or "add"


def refuse_repeated(repeated: bool) -> None:
    """Refuse (422) a second line about the same person in one list."""
    if repeated:
        words = Text("同一人员在名单中重复出现。", "The list names this person twice.")
        raise ValidationFailed(Fault("ref_repeated", words, pointer="#/ref"))


def refuse_unknown(known: bool) -> None:
    """Refuse (422) the removal of somebody who is not on the list."""
    if not known:
        words = Text("名单中没有该人员。", "Nobody on the list has this reference.")
        raise ValidationFailed(Fault("ref_unknown", words, pointer="#/ref"))
