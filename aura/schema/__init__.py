"""Numbered migrations of the one database."""
