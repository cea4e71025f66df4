"""A TimescaleDB and a Mosquitto of one's own, on a machine without Docker."""
