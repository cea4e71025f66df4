"""Housekeeping in the database: roll up, drop what is old enough, compress; one round after the other."""
