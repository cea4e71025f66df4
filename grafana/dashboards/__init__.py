"""The dashboards: each a function of the language that it speaks."""
