"""The log: what happened and why."""
