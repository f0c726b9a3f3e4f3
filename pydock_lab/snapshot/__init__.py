"""Trees of files: layers under a directory that takes the changes."""
