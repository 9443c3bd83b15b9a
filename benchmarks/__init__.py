"""Ratios measured in one run against what is named beside them: `python -m benchmarks [NAME]`."""
