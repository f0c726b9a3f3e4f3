"""`python -m pydock_lab` is `pydock`."""

from pydock_lab.cli import main

main()
