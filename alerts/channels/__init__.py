"""The ways to a receiver, one module each, behind one protocol."""
