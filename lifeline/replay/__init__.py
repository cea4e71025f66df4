"""What was measured once, played again: a feed, a recording, a stretch of a database, or a worker's journal.

A :mod:`~lifeline.replay.source` is what can be played: tables (:mod:`~lifeline.replay.play`), recorded
messages (:mod:`~lifeline.replay.recording`, written by :mod:`~lifeline.replay.capture`), what a database
holds (:mod:`~lifeline.replay.stretch`); :mod:`~lifeline.replay.choice` picks one.

:mod:`~lifeline.replay.run` is the map of the long way: :mod:`~lifeline.replay.place` finds a database server
and a broker, :mod:`lifeline.stage` has the worker and the alerts as processes of ours,
:mod:`~lifeline.replay.journal` tells how far they are, :mod:`~lifeline.replay.outcome` asks the database what
came of it. :mod:`~lifeline.replay.straight` is the short one, into an engine of our own;
:mod:`~lifeline.replay.again` takes that with the journal. :mod:`~lifeline.replay.log` has all that was said
in one comparable form, :mod:`~lifeline.replay.report` draws it, :mod:`~lifeline.replay.show` tells it to
people.
"""
