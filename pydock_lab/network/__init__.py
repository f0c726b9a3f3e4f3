"""How containers reach each other, the host reaches them, and they reach the outside.

hub.py           a network namespace in which all bridges stand        outside.py   its way out
bridge.py        bridges, and cables to containers                     inside.py    the container's end of them
addresses.py     who gets which (pure)                                 routing.py   what the host has a way to
places.py        who is in a network now, file by file                 names.py     who is found under which name
dns.py           messages of the name system as values (pure)          resolver.py, upstream.py   answered, passed on
ports.py         ports of the host                                     forwarding.py   bytes to a container and back
watcher.py       waits for all of it at once                           services.py  put together, for a shim
elsewhere.py     things to do in another network namespace             supply.py    sockets made there
"""
