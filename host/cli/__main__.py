"""`python -m host.cli` is the command `chipsim`."""

from host.cli.commands import main

main()
