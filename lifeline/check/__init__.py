"""A scenario played against the engine in this process, and which of its expectations held.

:mod:`~lifeline.check.ear` hears the simulated city as a worker would, :mod:`~lifeline.check.verdict` holds
the alerts against the scenario, and :mod:`~lifeline.check.page` writes that down.
"""
