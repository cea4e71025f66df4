"""A feed played through everything that a city's readings pass, in a database of its own.

:mod:`~lifeline.replay.run` is the map. :mod:`~lifeline.replay.place` finds a database server and a broker,
:mod:`~lifeline.replay.processes` has the worker and the alerts as processes of ours,
:mod:`~lifeline.replay.journal` tells how far they are, :mod:`~lifeline.replay.outcome` asks the database what
came of it, and :mod:`~lifeline.replay.show` tells that to people.
"""
