"""The duty report (值班日报, 值班月报): what came of a day's or a month's alerts, in Chinese and English.

``period`` says which time, ``read`` takes the facts out of the database as they stood at one moment,
``counted`` makes the report of them; ``sections`` says it in words, ``page`` and ``sheet`` write it as HTML
and CSV. All but ``read`` and ``read_data`` is pure.
"""
