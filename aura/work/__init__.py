"""Durable work: goals that are proved, and commands that run for it."""
