"""The panels that dashboards are put together from."""
