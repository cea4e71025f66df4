"""The HTTP API: cases and what people do with them, maintenance, health, metrics."""
