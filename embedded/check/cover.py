"""Cover at any moment: a policy is what its versions say, in the order of their numbers."""

from __future__ import annotations

from embedded.check.invariants import Invariant, sql

_NOT_ITS_VERSION = """
    select format('policy %s is not what its version %s says', policy.policy_no, policy.policy_version)
    from policies policy
    left join policy_versions told on told.policy_id = policy.id and told.number = policy.policy_version
    where told.id is null or policy.cover <> told.cover or policy.exclusions <> told.exclusions
        or policy.starts_at <> told.starts_at or policy.ends_at <> told.ends_at
        or policy.insured_count <> told.insured_count
        -- the core's own policy ends here the moment it is rescinded, before the core says so
        or (policy.ended_at is distinct from told.ended_at and policy.stated_status <> 'rescinded')
    union all
    select format('policy %s has a version above its newest one', policy.policy_no)
    from policies policy join policy_versions told on told.policy_id = policy.id and told.number > policy.policy_version
    union all
    select format('policy %s has two versions %s', policy_id, number)
    from policy_versions group by policy_id, number having count(*) > 1"""

INVARIANTS = (
    Invariant(
        "I22", "a policy is what its newest version says, and every version is there once",
        (sql("policy", "select count(*) from policy_versions", _NOT_ITS_VERSION),),
    ),
)  # fmt: skip
