"""The file of a key account (客户档案): cover, claims, inspections, visits, opinions, as they stand."""
