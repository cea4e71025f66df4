"""The words of the domain: quantities, units, assets, devices, sensors, readings, the registry.

Everything else in the project is written in these words, so this package imports nothing of ours.
"""
