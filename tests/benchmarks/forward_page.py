"""The tables of forwarding: beside other gateways, and beside a service in trouble."""

from __future__ import annotations

from statistics import median, quantiles

from tests.benchmarks.forward_figures import CONNECTIONS, OURS, Forwarded, Turn
from tests.benchmarks.isolation_figures import ALLOWED, PER_SECOND, TROUBLED_PER_SECOND, Isolation
from tests.benchmarks.load import Served

_WAYS = {
    OURS: "token verified, caller as of now, permission, rate, path and header checks, a token made for the service, "
    "for a reader once a second",
    "nginx": "passed on; nobody is asked who he is",
    "Node (fastify)": "the token's signature verified, passed on",
}


def forwarded(found: Forwarded) -> str:
    """Requests per second of the gateway's processor time, medians of the rounds, and the ratio within each round."""
    rows = ["| gateway | connections | requests per processor second | Anlan to it | requests/s | what it does |"]
    rows.append("| --- | --- | --- | --- | --- | --- |")
    for connections in CONNECTIONS:
        ours = found.turns[OURS, connections]
        for name in dict.fromkeys(one for one, _ in found.turns):
            turns = found.turns[name, connections]
            rates = [one.per_processor_second for one in turns]
            spread = f"{median(rates):.0f} ({min(rates):.0f}–{max(rates):.0f})"
            row = (
                name, connections, spread, _ratio(ours, turns, name),
                f"{median([one.served.per_second for one in turns]):.0f}", _WAYS[name],
            )  # fmt: skip
            rows.append("| " + " | ".join(map(str, row)) + " |")
    return "\n".join([*rows, *_said(found)])


def _ratio(ours: list[Turn], theirs: list[Turn], name: str) -> str:
    if name == OURS:
        return "–"
    return f"{_median_ratio(ours, theirs):.2f}"


def _median_ratio(ours: list[Turn], theirs: list[Turn]) -> float:
    pairs = zip(ours, theirs, strict=True)
    return median([one.per_processor_second / other.per_processor_second for one, other in pairs])


def _said(found: Forwarded) -> list[str]:
    lines = [
        "",
        "The same upstream (the bare read), the same load, in turns; only the gateway's own processor time counts.",
    ]
    lines += [f"Left out: {one}." for one in found.left_out]
    node = [key for key in found.turns if key[0].startswith("Node")]
    if node:
        ahead = all(_median_ratio(found.turns[OURS, key[1]], found.turns[key]) > 1 for key in node)
        lines.append(
            f"Bar: ahead of the Node gateway in requests per processor second: {'met' if ahead else '**missed**'}."
        )
    return lines


def isolated(found: Isolation) -> str:
    """p50 and p99 of the reads of the service that is well."""
    quiet = _p99(found.quiet)
    rows = ["| reads of a service that is well | p50, ms | p99, ms | to quiet | 5xx | bar |"]
    rows.append("| --- | --- | --- | --- | --- | --- |")
    named = (("alone", found.quiet), ("while another hangs", found.hanging), ("while another is gone", found.gone))
    for name, served in named:
        p99 = _p99(served)
        met = served.not_served == 0 and p99 <= ALLOWED * quiet
        bar = "–" if served is found.quiet else f"≤ {ALLOWED:g} × quiet: {'met' if met else '**missed**'}"
        middle = median(served.latencies_ms)
        rows.append(f"| {name} | {middle:.1f} | {p99:.1f} | {p99 / quiet:.2f} | {served.not_served} | {bar} |")
    told = f"Open loop: {PER_SECOND:g} reads/s, beside {TROUBLED_PER_SECOND:g}/s to the service in trouble."
    return "\n".join([*rows, "", told])


def _p99(served: Served) -> float:
    return quantiles(served.latencies_ms, n=100)[98]
