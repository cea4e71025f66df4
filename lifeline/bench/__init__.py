"""Benches: each measures the real thing on this machine, and beside it the ceiling in the same run."""
