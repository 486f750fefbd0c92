"""The loop that runs a session, and the replayer that shows one again.

`engine` turns inputs into events and effects and does no I/O; `loop` gives it time, a journal and
agents; `live` and `replay` are the faces that a screen sees.
"""
