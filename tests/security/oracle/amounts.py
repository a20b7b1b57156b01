"""Limits and chains in whole cents, in closed form from the manual's table."""

from __future__ import annotations

from tests.security.oracle.posts import BRANCH, CENTRAL, HEAD, LOCAL, SUB, WHERE

# kind → line → yuan at sub-branch, central branch and branch
YUAN = {
    "claim_payment": {"liability": (10_000, 100_000, 1_000_000), "accident": (5_000, 50_000, 500_000)},
    "underwriting_limit": {"liability": (0, 2_000_000, 10_000_000), "accident": (0, 300_000, 1_000_000)},
    "ex_gratia": {"liability": (0, 0, 100_000), "accident": (0, 0, 100_000)},
    "advance": {"liability": (0, 0, 1_000_000), "accident": (0, 0, 500_000)},
    "recovery_waiver": {"liability": (0, 0, 50_000), "accident": (0, 0, 50_000)},
    "premium_refund": {"liability": (0, 100_000, 1_000_000), "accident": (0, 100_000, 1_000_000)},
    "complaint_compensation": {"liability": (0, 0, 20_000), "accident": (0, 0, 20_000)},
}
DECIDER = {
    "claim_payment": "claims_approver",
    "underwriting_limit": "underwriter",
    "ex_gratia": "claims_approver",
    "advance": "claims_approver",
    "recovery_waiver": "claims_approver",
    "premium_refund": "underwriter",
    "complaint_compensation": "complaint_officer",
}
COSIGNED_ABOVE = {("claim_payment", BRANCH): 300_000_00}

# the places a record passes on its way up, from each place where it can begin
WAY_UP = {
    SUB: (SUB, CENTRAL, BRANCH, HEAD),
    CENTRAL: (CENTRAL, BRANCH, HEAD),
    LOCAL: (LOCAL, BRANCH, HEAD),
    BRANCH: (BRANCH, HEAD),
    HEAD: (HEAD,),
}
HEIGHT = {SUB: 0, CENTRAL: 1, LOCAL: 1, BRANCH: 2, HEAD: 3}


def limit(kind: str, line: str, place: int) -> int | None:
    """The limit in cents; None is without limit."""
    if place == HEAD:
        return None
    if place == LOCAL:
        return 0
    return YUAN[kind][line][HEIGHT[place]] * 100


def within(kind: str, line: str, place: int, cents: int) -> bool:
    """Whether the place decides `cents`: up to and including its limit; a limit of nothing decides nothing."""
    most = limit(kind, line, place)
    return most is None or (most > 0 and cents <= most)


def expected_chain(
    kind: str, line: str, cents: int, begins: int, lowest: int = SUB, further: int = 0
) -> list[tuple[int, str, int]]:
    """(place, `opinion` or `decision`, signatures wanted) for each step."""
    way = [place for place in WAY_UP[begins] if place in WHERE[DECIDER[kind]]]
    fits = [place for place in way if within(kind, line, place, cents) and HEIGHT[place] >= HEIGHT[lowest]]
    end = min(way.index(fits[0]) + further, len(way) - 1)
    above = COSIGNED_ABOVE.get((kind, way[end]))
    signatures = 2 if above is not None and cents > above else 1
    return [(place, "opinion", 1) for place in way[:end]] + [(way[end], "decision", signatures)]


def own_limits(post: str, place: int) -> dict[tuple[str, str], int | None]:
    """Kind and line → the most in cents that the post may decide or co-sign there; nothing where it has no say."""
    if place not in WHERE[post]:
        return {}
    found = {(kind, line): limit(kind, line, place) for kind in YUAN for line in YUAN[kind] if DECIDER[kind] == post}
    if post == "department_head" and place == BRANCH:
        found = {("claim_payment", line): limit("claim_payment", line, BRANCH) for line in YUAN["claim_payment"]}
    return found
