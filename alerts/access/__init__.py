"""Who may call: people with passwords and sessions, tokens, and what is written down of their calls."""
