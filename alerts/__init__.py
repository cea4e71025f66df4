"""Transitions and risk become alerts with a life, and alerts reach people."""
