"""What a complaint needs to be registered, and what may not be asked for."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from shared.errors import Fault, OccurredInFuture, Refused, Text, ValidationFailed


class Channel(StrEnum):
    PHONE = "phone"
    LETTER = "letter"
    VISIT = "visit"
    WEB = "web"
    EMAIL = "email"
    APP = "app"
    CORE_SYSTEM = "core_system"
    REGULATOR_TRANSFER = "regulator_transfer"
    RETURN_VISIT = "return_visit"
    SOCIAL = "social"


@dataclass(frozen=True)
class Registration:
    """What is checked of a complaint when it comes in."""

    channel: str | None
    received_at: datetime
    content: str
    upload_count: int = 0
    complainants: int = 1
    representatives: int = 0
    anonymous: bool = False
    proxy: bool = False
    authority_given: bool = False
    """The proxy's signed authority, or the heir's proof, came with the complaint or was seen."""
    reception: bool = False
    transfer: bool = False
    cause_known: bool = True
    known_causes: Collection[str] = ()


@dataclass(frozen=True)
class Accepted:
    """A registered complaint; an anonymous one is a lead: looked into, with nobody to reply to."""

    channel: Channel
    lead: bool

    @property
    def reply_due(self) -> bool:
        return not self.lead


def register(given: Registration, now: datetime, *, maximum_representatives: int) -> Accepted:
    """Accept a complaint at any unit.

    Refuses a receipt in the future (422) and, together (422), an absent or unknown channel, an empty text, a letter
    without its scan, a joint complaint in person that sends more than `maximum_representatives` (art. 12), a visit
    without its reception record, a proxy without authority (art. 14), a transfer without the authority that sent it,
    and a cause that the tree does not have.
    """
    if given.received_at > now:
        raise OccurredInFuture(Fault(OccurredInFuture.code, OccurredInFuture.detail, pointer="#/received_at"))
    faults = list(_registration_faults(given, maximum_representatives))
    if faults or given.channel is None:
        raise ValidationFailed(*faults)
    return Accepted(Channel(given.channel), lead=given.anonymous)


def _registration_faults(given: Registration, maximum: int) -> Iterable[Fault]:
    if given.channel not in set(Channel):
        yield Fault("channel_unknown", Text("须注明投诉渠道。", "A known channel is needed."), pointer="#/channel")
    if not given.content.strip():
        text = Text("须写明投诉内容。", "The complaint needs its content.")
        yield Fault("content_required", text, pointer="#/content")
    if given.channel == Channel.LETTER and given.upload_count < 1:
        text = Text("来函投诉须附来函扫描件。", "A letter is registered with its scan.")
        yield Fault("letter_scan_required", text, pointer="#/upload_ids")
    # who comes without naming representatives comes in person
    present = given.representatives or given.complainants
    if given.channel == Channel.VISIT and given.complainants > 1 and present > maximum:
        text = Text(
            f"多人共同来访投诉，代表不得超过 {maximum} 人。",
            f"A joint complaint in person sends at most {maximum} representatives.",
        )
        yield Fault("too_many_representatives", text, pointer="#/representatives")
    yield from _faults_of_form(given)


def _faults_of_form(given: Registration) -> Iterable[Fault]:
    if given.channel == Channel.VISIT and not given.reception:
        text = Text("来访投诉须附接待记录。", "A visit is registered with its reception record.")
        yield Fault("reception_required", text, pointer="#/reception")
    if given.channel == Channel.REGULATOR_TRANSFER and not given.transfer:
        text = Text("监管转办须注明转办机关和文号。", "A transfer names the authority and its number.")
        yield Fault("transfer_required", text, pointer="#/transfer")
    if given.proxy and not given.authority_given:
        text = Text("代理投诉须提交授权或继承证明。", "A proxy shows the signed authority, an heir the proof.")
        yield Fault("proxy_authority_required", text, pointer="#/proxy")
    if given.proxy and given.anonymous:
        text = Text("代理投诉须写明投诉人。", "A proxy names whom he complains for.")
        yield Fault("proxy_for_nobody", text, pointer="#/complainant/name")
    if not given.cause_known:
        text = Text("原因不在投诉原因分类中。", "The tree of causes has no such leaf.")
        yield Fault("cause_unknown", text, pointer="#/cause", members={"known": list(given.known_causes)})


class PaperAlreadyHeld(Refused):
    """One fault per paper."""

    code = "paper_already_held"
    title = Text("公司已持有该材料", "The insurer already holds this")
    detail = Text(
        "不得要求投诉人提供公司已掌握的材料。", "A complainant is not asked for a paper that the insurer already holds."
    )


def check_papers_asked(asked: Iterable[str], held: Collection[str]) -> None:
    """Refuse (422) asking the complainant for what the insurer has (art. 13)."""
    faults = [
        Fault(PaperAlreadyHeld.code, PaperAlreadyHeld.detail, pointer=f"#/papers/{i}", members={"paper": paper})
        for i, paper in enumerate(asked)
        if paper in held
    ]
    if faults:
        raise PaperAlreadyHeld(*faults)
