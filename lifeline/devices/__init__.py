"""Devices' accounts at the broker: passwords, what each may say, and how they change while it runs."""
