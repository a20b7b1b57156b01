"""`may`: whether a post at a place holds a permission, in closed form over the duties."""

from __future__ import annotations

from tests.security.oracle.duties import ABOVE, CHANGES, EXPORTS, READS
from tests.security.oracle.posts import ALL, BRANCH, BUSINESS, CENTRAL, HEAD, PERSONS, UPPER, WHERE

NARROWED = {
    "": ALL,
    "upper": UPPER,
    "branch": frozenset({BRANCH}),
    # whoever has units below, and the head office
    "managing": frozenset({CENTRAL, BRANCH, HEAD}),
}

MONEY = frozenset(
    {
        "claims.approval.decide",
        "claims.advance.decide",
        "claims.ex_gratia.decide",
        "claims.recovery.decide",
        "claims.litigation.decide",
        "claims.reopening.decide",
        "complaints.compensation.decide",
        "policy.application.opine",
        "policy.application.decide",
    }
)


def _changes() -> dict[str, dict[str, frozenset[int]]]:
    """permission → post → places, unfolded from the duties."""
    found: dict[str, dict[str, frozenset[int]]] = {}
    for post, services in CHANGES.items():
        for service, lines in services.items():
            for line in lines.split(";"):
                noun, *verbs = line.split()
                noun, _, where = noun.partition("@")
                for verb in verbs:
                    held = found.setdefault(f"{service}.{noun}.{verb}", {})
                    held[post] = held.get(post, frozenset()) | (NARROWED[where] & WHERE[post])
    return found


_CHANGED = _changes()


def may(post: str, place: int, permission: str) -> bool:
    """Whether `post` at `place` holds `permission`."""
    if post not in WHERE or place not in WHERE[post]:
        return False
    general = _general(post, permission)
    if general is not None:
        return general
    service, noun, verb = permission.split(".")
    if verb == "read":
        return _reads(post, place, f"{service}.{noun}")
    if (noun, verb) == ("export", "request"):
        return _exports(post, place, service)
    return place in _CHANGED.get(permission, {}).get(post, frozenset())


def _general(post: str, permission: str) -> bool | None:
    """The rules that hold for the whole house; None where only the duty of the post tells."""
    service, noun, verb = permission.split(".")
    if permission in ("organisation.me.read", "organisation.session.use", "organisation.reference.read"):
        return post in PERSONS
    if permission == "organisation.unit.read":
        return post in PERSONS
    if permission == "organisation.audit.read":
        return post == "auditor"
    if permission == "organisation.event_gap.read":
        return post in ("auditor", "system_admin")
    if permission == "organisation.webhook.read":
        return post in ("auditor", "system_admin", "core_system")
    if permission == "organisation.authority.explain":
        return post in BUSINESS | {"rules_manager", "auditor"}
    if permission == "organisation.person.declare":
        return post in PERSONS - {"auditor"}
    if service == "organisation" and (noun, verb) in {
        ("delegation", "grant"),
        ("delegation", "revoke"),
        ("directive", "acknowledge"),
        ("directive", "complete"),
    }:
        return post in BUSINESS or (post == "security_admin" and noun == "delegation")
    if post == "auditor":
        return verb == "read" or (noun, verb) == ("export", "request")
    return None


def _reads(post: str, place: int, record: str) -> bool:
    if record in ABOVE and place not in UPPER:
        return False
    readers = READS[record].split()
    return post == "department_head" or post in readers or ("*" in readers and post in BUSINESS)


def _exports(post: str, place: int, service: str) -> bool:
    if post == "department_head":
        return True
    for reader in EXPORTS[service].split():
        name, _, where = reader.partition("@")
        if name == post:
            return place in NARROWED[where]
    return False
