"""Who looks after a key account: named people, visits, the yearly review, the talk about renewal."""
