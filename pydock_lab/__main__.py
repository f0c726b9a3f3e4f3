"""`python -m pydock_lab` is `pydock`."""

from pydock_lab.program import main

main()
