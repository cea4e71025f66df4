"""The risk assessment: the inherent risk of every asset over years, and how well it is watched.

Everything here is pure but :mod:`lifeline.assess.folder` and :mod:`lifeline.assess.store`; the day is an
argument, and the same city on the same day gives the same bytes.
"""
