"""Times in what is said to people: to the minute and local, as the command line writes all others."""

from datetime import datetime

from aura.api import Time


def local(at: Time | None) -> str:
    """Write a time of the API for people; a dash where there is none."""
    if at is None:
        return "-"
    return datetime.fromisoformat(at).astimezone().strftime("%Y-%m-%d %H:%M")
