"""A city that feeds the broker: physics, faults, incidents with ground truth, and feeds from files."""
