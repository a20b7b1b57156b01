"""The seam to the core policy system: upserts of policy versions, one by one and as an import."""
