"""The catalogue of services: basic, brand and value-added, for which tiers, how often, at what cost."""
