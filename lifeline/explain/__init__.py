"""Why an alert, a change of risk or a transition is what it is, from what was stored when it was made.

:mod:`~lifeline.explain.account` says what an account holds, :mod:`~lifeline.explain.read` reads it from the
database, :mod:`~lifeline.explain.show` puts it into words, and :mod:`~lifeline.explain.plot` draws it.
"""
