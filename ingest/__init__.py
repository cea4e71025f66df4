"""MQTT in, readings out: decode, validate, batch, and write exactly once."""
