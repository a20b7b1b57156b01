"""Controlled documents (重要单证): stock by serial numbers, custodians, movements, voids, the monthly count."""
