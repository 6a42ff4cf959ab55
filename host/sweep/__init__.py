"""Sweeps over settings and dies: a plan of tasks, workers that run them, a database that remembers.

Nothing is imported here, so that ``chipsim --help`` answers at once.
"""
