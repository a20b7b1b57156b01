"""The configuration of nats-server: who may publish, read and listen to what. One rendering for all ways to run.

Every deployable publishes below its own subject prefix only, reads back its own stream, and listens to the others with
its own durable, which bears its name. Streams are declared by the bootstrap user, who may do nothing else. Whoever
shows no key gets in nowhere. The file holds public keys only.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from embedded.databases import DEPLOYABLES
from shared import streams

MAX_PAYLOAD = 262_144
"""Bytes. An event carries ids, codes, dates and amounts; what is longer is refused by the server."""

STREAMS: dict[str, str] = {stream: stream.lower() for stream in streams.STREAMS}
"""Stream → subject prefix: the stream takes `<prefix>.>`, `<service>.notice.sent` included."""

OWN_STREAM: dict[str, str] = {deployable: streams.own_stream(deployable) for deployable in DEPLOYABLES}
"""Deployable → the one stream that it fills."""

FEEDS = "gateway"
"""Keeps every event for its feed, its own as well."""

LISTENS: dict[str, tuple[str, ...]] = {
    deployable: tuple(stream for stream in STREAMS if stream != own or deployable == FEEDS)
    for deployable, own in OWN_STREAM.items()
}
"""Deployable → streams on which it may have its durable: all of the others. The subjects are its own choice."""

BOOTSTRAP = "bootstrap"
BOOTSTRAP_INBOX = "_INBOX_boot"


@dataclass(frozen=True)
class Account:
    """One closed world: its streams and users see no other account. A deployment has one, a test run one per worker."""

    bootstrap: str
    """Public NKEY of the user that declares streams."""
    users: Mapping[str, str]
    """Deployable → public NKEY."""
    name: str = "APP"


def stream_subjects(stream: str) -> list[str]:
    """What the stream takes in."""
    return [f"{STREAMS[stream]}.>"]


def inbox_prefix(deployable: str) -> str:
    """Where the answers to this client go; nobody else may listen there."""
    return BOOTSTRAP_INBOX if deployable == BOOTSTRAP else f"_INBOX_{deployable}"


def may_publish(deployable: str) -> list[str]:
    """Every subject that the deployable may publish to, requests to JetStream included."""
    own = OWN_STREAM[deployable]
    subjects = [f"{STREAMS[own]}.>", f"$JS.API.STREAM.MSG.GET.{own}"]
    for stream in LISTENS[deployable]:
        subjects += [
            # without a wildcard: the durable of this name, with the list form of its filter, and no other
            f"$JS.API.CONSUMER.CREATE.{stream}.{deployable}",
            f"$JS.API.CONSUMER.INFO.{stream}.{deployable}",
            f"$JS.API.CONSUMER.MSG.NEXT.{stream}.{deployable}",
            f"$JS.ACK.{stream}.{deployable}.>",
        ]
    return subjects


def may_subscribe(deployable: str) -> list[str]:
    """Its own inbox; events come by the durable, never by a plain subscription."""
    return [f"{inbox_prefix(deployable)}.>"]


def render(
    *,
    server_name: str,
    host: str,
    port: int,
    store_dir: Path | str,
    accounts: Sequence[Account],
    monitor: str | None = None,
    max_file_store: str | None = None,
) -> str:
    """The text of the configuration file.

    `monitor`: `host:port` of the pages without sign-in (`/healthz`, `/varz`, `/jsz`); only for a network that nobody
    else is in. `max_file_store` (`64GB`): what the streams' size limits may add up to; without it three quarters of
    the free disk.
    """
    lines = [
        f"server_name: {json.dumps(server_name)}",
        f"listen: {json.dumps(f'{host}:{port}')}",
        *([f"http: {json.dumps(monitor)}"] if monitor else []),
        f"max_payload: {MAX_PAYLOAD}",
        "jetstream: {",
        f"  store_dir: {json.dumps(str(store_dir))}",
        # an acknowledged event is on disk; the default would lose up to two minutes of them with the machine
        "  sync_interval: always",
        *([f"  max_file_store: {max_file_store}"] if max_file_store else []),
        "}",
        "accounts: {",
        *(line for account in accounts for line in _account(account)),
        "}",
    ]
    return "\n".join(lines) + "\n"


def _account(account: Account) -> list[str]:
    strangers = set(account.users) - set(OWN_STREAM)
    if strangers:
        raise ValueError(f"no deployable: {', '.join(sorted(strangers))}")
    users = [_user(BOOTSTRAP, account.bootstrap, ["$JS.API.>"], [f"{BOOTSTRAP_INBOX}.>"])]
    users += [_user(name, key, may_publish(name), may_subscribe(name)) for name, key in account.users.items()]
    return [f"  {account.name}: {{", "    jetstream: enabled", "    users: [", *users, "    ]", "  }"]


def _user(name: str, key: str, publish: Iterable[str], subscribe: Iterable[str]) -> str:
    allowed = f"publish: {json.dumps(list(publish))}, subscribe: {json.dumps(list(subscribe))}"
    return f"      # {name}\n      {{ nkey: {json.dumps(key)}, permissions: {{ {allowed} }} }}"
