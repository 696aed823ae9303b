"""Measurements of the whole product with many rows; docs/performance.md holds what they gave."""
