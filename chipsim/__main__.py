"""`python -m chipsim` is the command `chipsim`."""

from host.cli import main

main()
