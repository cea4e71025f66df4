"""What a rule's evidence is worth, measured on a simulated city: ``lifeline evaluate --calibrate``.

A day of incidents (:mod:`~lifeline.calibrate.day`) is simulated for each seed and shown to the engine;
every ten minutes :mod:`~lifeline.calibrate.watch` looks at the state of every rule and at what was claimed.
:mod:`~lifeline.calibrate.count` makes ratios of the states on some seeds, and holds the claims against the
truth on others. No broker and no database is needed.
"""
