"""The one door to privileged work: a zygote that keeps a worker ready for each request.

`client.Sandbox` is the engine's side. Nothing is imported here: the zygote, which is forked for every container,
would carry the client's imports along.
"""
