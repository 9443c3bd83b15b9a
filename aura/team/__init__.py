"""Who else is here: sessions, zones, messages."""
