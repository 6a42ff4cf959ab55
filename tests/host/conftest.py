"""The host's tests: a cache of their own, and a small data file."""

from host_fixtures import data_file, here, no_drawing, no_waiting_for_the_disk, session_cache

__all__ = ["data_file", "here", "no_drawing", "no_waiting_for_the_disk", "session_cache"]
