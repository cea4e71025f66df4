"""What rules would have said of stored history, against the alerts on record. Nothing is written.

:mod:`~lifeline.backtest.stored` reads, :mod:`~lifeline.backtest.run` lets an engine hear it,
:mod:`~lifeline.backtest.compare` holds one against the other, :mod:`~lifeline.backtest.show` tells it.
"""
