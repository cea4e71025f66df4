"""A labelled feed through the whole engine in one process, and figures of what it found.

:mod:`~lifeline.evaluate.passage` plays the feed, :mod:`~lifeline.evaluate.figures` holds the alarms against
the labels, and :mod:`~lifeline.evaluate.page` writes them down. What it finds is what a replay finds.
"""
