"""Why each function changed, who is changing it now, what it will break, and whether it did what was said."""

__version__ = "0.1.0"
API_VERSION = "1.6"
