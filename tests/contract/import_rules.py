"""The borders of the code as functions: each takes the import graph and returns one sentence for each violation."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator

from tests.contract.import_graph import Import, Module, place_in

Graph = dict[str, Module]
Order = dict[str, tuple[str, ...]]

RANK = {"rules": 0, "tables": 1, "schemas": 1, "queries": 2, "shapes": 2, "handlers": 3, "routes": 4}
"""The layers inside a room: a file imports files of its own or a lower rank, of its own or an earlier room."""

ASSEMBLY = ("app", "worker", "consumers")
"""Modules at the top of a deployable that put the rooms together; no room imports them."""

PURE_SHARED = (
    "shared.errors",
    "shared.problem",
    "shared.money",
    "shared.clock",
    "shared.calendar",
    "shared.periods",
    "shared.deadline_registry",
    "shared.authority",
    "shared.approval_chain",
    "shared.actor",
)
# fmt: off
IMPURE_STDLIB = frozenset((
    "asyncio", "http", "io", "logging", "os", "pathlib", "random", "secrets", "shutil", "socket", "sqlite3", "ssl",
    "subprocess", "tempfile", "threading", "time", "urllib",
))
# fmt: on
IMPURE_LIBRARIES = frozenset(("aiohttp", "asyncpg", "fastapi", "httpx", "nats", "sqlalchemy", "starlette"))
NO_FRAMEWORK = ("rules", "tables", "queries", "handlers", "events", "consumers")
CLOCKLESS = ("rules", "tables", "schemas", "queries", "handlers", "consumers")

LIBRARY_PLACES: dict[str, tuple[str, ...]] = {
    "nats": ("shared.messaging",),
    # the keys of an issuer outside, and the targets of webhooks
    "aiohttp": ("gateway.identity.issuer", "gateway.webhooks.sending"),
    # the connections to the services, and those of the clients
    "httptools": ("gateway.forwarding.connection", "gateway.forwarding.client_connection"),
    "argon2": ("gateway.identity",),
    # made in the gateway, verified everywhere; the settings read the public keys, the launcher makes the pairs
    "joserfc": ("shared.actor", "shared.settings", "gateway.identity", "gateway.forwarding", "embedded"),
}


def services_are_independent(graph: Graph, order: Order) -> Iterator[str]:
    for module, used in _all_imports(graph):
        home = module.deployable
        if home and home.startswith("services.") and used.reaches("services") and not used.reaches(home):
            yield f"{module.name}:{used.line} imports {used.target}: services speak by events only"


def shared_knows_nobody(graph: Graph, order: Order) -> Iterator[str]:
    for module, used in _all_imports(graph):
        if module.within("shared") and used.reaches("gateway", "services", "embedded"):
            yield f"{module.name}:{used.line} imports {used.target}: shared serves all and knows none of them"


def gateway_and_services_do_not_meet(graph: Graph, order: Order) -> Iterator[str]:
    for module, used in _all_imports(graph):
        meets = (module.within("gateway") and used.reaches("services")) or (
            module.within("services") and used.reaches("gateway")
        )
        if meets:
            yield f"{module.name}:{used.line} imports {used.target}: they meet on the wire only"


def the_launcher_stands_alone(graph: Graph, order: Order) -> Iterator[str]:
    for module, used in _all_imports(graph):
        if module.within("embedded") and used.reaches("gateway", "services"):
            yield f"{module.name}:{used.line} imports {used.target}: the launcher starts processes, it imports none"
        if not module.within("embedded", "deploy") and used.reaches("embedded"):
            yield f"{module.name}:{used.line} imports {used.target}: the product does not need the launcher"


def the_jobs_of_a_deployment_stand_outside(graph: Graph, order: Order) -> Iterator[str]:
    """They share the launcher's plain parts: roles and databases, the demonstration and its client."""
    for module, used in _all_imports(graph):
        if module.within("deploy") and used.reaches("gateway", "services"):
            yield f"{module.name}:{used.line} imports {used.target}: a job starts processes, it imports none"
        if not module.within("deploy") and used.reaches("deploy"):
            yield f"{module.name}:{used.line} imports {used.target}: nothing needs the jobs of a deployment"


def rules_are_pure(graph: Graph, order: Order) -> Iterator[str]:
    """Standard library without I/O, the pure pieces of shared, and the rules of this and of earlier rooms."""
    for module, file in _files_of_rooms(graph):
        if file != "rules":
            continue
        for used in module.imports:
            if not used.typing_only and not _may_be_used_by_rules(module, used):
                yield f"{module.name}:{used.line} imports {used.target}: rules are pure"


def _may_be_used_by_rules(module: Module, used: Import) -> bool:
    top = used.target.split(".")[0]
    if top in sys.stdlib_module_names:
        return top not in IMPURE_STDLIB
    target = place_in(module.deployable or "", used.target)
    return used.reaches(*PURE_SHARED) or (target is not None and target[1] == "rules")


def rooms_keep_their_order(graph: Graph, order: Order) -> Iterator[str]:
    """A room imports the spine and the rooms before it in the life of the record; the assembly imports the rooms."""
    for module, file in _files_of_rooms(graph):
        home = module.deployable or ""
        rooms = order.get(home, ())
        room = (place_in(home, module.name) or ("", ""))[0]
        if room not in rooms:
            yield f"{module.name}: the room {room} has no place in the order of {home} (tests/contract/rooms.py)"
            continue
        for used in module.imports:
            later = place_in(home, used.target)
            typing_in_rules = file == "rules" and used.typing_only
            if later and rooms.index(room) < _index(rooms, later[0]) and not typing_in_rules:
                yield f"{module.name}:{used.line} imports {used.target}: {later[0]} comes after {room}"
            if used.reaches(*(f"{home}.{name}" for name in ASSEMBLY)):
                yield f"{module.name}:{used.line} imports {used.target}: rooms do not know who puts them together"


def _index(rooms: tuple[str, ...], room: str) -> int:
    """The place of `room`; what is no room (`events`, `settings`) counts as earlier than all."""
    return rooms.index(room) if room in rooms else -1


def layers_point_downwards(graph: Graph, order: Order) -> Iterator[str]:
    for module, file in _files_of_rooms(graph):
        for used in module.imports:
            target = place_in(module.deployable or "", used.target)
            if used.typing_only or target is None or target[1] not in RANK or file not in RANK:
                continue
            sideways = {file, target[1]} == {"tables", "schemas"}
            if RANK[target[1]] > RANK[file] or sideways:
                yield f"{module.name}:{used.line} imports {used.target}: {file} stands below or beside {target[1]}"


def use_cases_know_no_framework(graph: Graph, order: Order) -> Iterator[str]:
    for module in graph.values():
        if module.deployable and _file_of(module) in NO_FRAMEWORK:
            for used in module.imports:
                if used.reaches("fastapi", "starlette", "nats"):
                    yield f"{module.name}:{used.line} imports {used.target}: use cases know neither HTTP nor NATS"


def the_clock_is_an_argument(graph: Graph, order: Order) -> Iterator[str]:
    for module in graph.values():
        if module.deployable and _file_of(module) in CLOCKLESS and "process_now" in module.names:
            yield f"{module.name} reads the process clock: use `tx.now`, or take `now` as an argument"


def libraries_stay_in_their_place(graph: Graph, order: Order) -> Iterator[str]:
    for module, used in _all_imports(graph):
        for library, places in LIBRARY_PLACES.items():
            if used.reaches(library) and not module.within(*places):
                yield f"{module.name}:{used.line} imports {used.target}: {library} belongs to {' and '.join(places)}"


def httpx_has_one_door(graph: Graph, order: Order) -> Iterator[str]:
    doors = sorted({module.name for module, used in _all_imports(graph) if used.reaches("httpx")})
    if len(doors) > 1:
        yield f"httpx is imported by {', '.join(doors)}: one module of our own stands between it and the rest"


RULES: tuple[Callable[[Graph, Order], Iterator[str]], ...] = (
    services_are_independent,
    shared_knows_nobody,
    gateway_and_services_do_not_meet,
    the_launcher_stands_alone,
    the_jobs_of_a_deployment_stand_outside,
    rules_are_pure,
    rooms_keep_their_order,
    layers_point_downwards,
    use_cases_know_no_framework,
    the_clock_is_an_argument,
    libraries_stay_in_their_place,
    httpx_has_one_door,
)


def _all_imports(graph: Graph) -> Iterator[tuple[Module, Import]]:
    for module in graph.values():
        for used in module.imports:
            yield module, used


def _file_of(module: Module) -> str:
    """`rules` of `services.claims.intake.rules`, `events` of `services.claims.events`, `consumers` of all below it."""
    home = module.deployable or ""
    place = place_in(home, module.name)
    if place is None:
        return module.name.removeprefix(home + ".")
    return place[0] if place[0] in ASSEMBLY else place[1]


def _files_of_rooms(graph: Graph) -> Iterator[tuple[Module, str]]:
    for module in graph.values():
        place = place_in(module.deployable, module.name) if module.deployable else None
        if place and place[0] not in ASSEMBLY:
            yield module, place[1]
