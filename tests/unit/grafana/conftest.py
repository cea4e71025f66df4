"""The SDK warns when imported: its authors want their newer schema, which Grafana reads from no file."""

import warnings

with warnings.catch_warnings():
    warnings.simplefilter("ignore", DeprecationWarning)
    import grafana_foundation_sdk.models.dashboard  # noqa: F401
