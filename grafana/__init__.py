"""Dashboards as code, their provisioning, and the SQL views that they read."""
