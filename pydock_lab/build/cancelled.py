"""What ends the threads of a build whose work nobody needs any more; it never leaves the builder."""


class Cancelled(Exception):
    """The build ends for another reason: this thread need not go on."""
