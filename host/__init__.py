"""The host computer: data, encoders, teachers, learning on the chip, run folders, plots, command line.

As a library, begin with ``host.settings.spec.resolve`` and ``host.run.run_die.run`` (see examples/library_use.py).
Nothing is imported here, so that ``chipsim --help`` answers at once.
"""
