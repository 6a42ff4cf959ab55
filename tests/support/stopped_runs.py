"""Runs that end in the middle, as a killed one does."""

from host.run import NullListener


class Stopped(Exception):
    """Stands for whatever ends a process."""


class StopAt(NullListener):
    """Raises at a stage, or when so many parts have been learned."""

    def __init__(self, where):
        self.where = where

    def stage(self, text):
        if text == self.where:
            raise Stopped

    def learning(self, done, total, validation_accuracy):
        if not isinstance(self.where, str):
            self.where -= 1
            if self.where == 0:
                raise Stopped
