"""The main job in the terminal: build, run, look, push, pull back by digest, run again, rebuild from the cache."""
