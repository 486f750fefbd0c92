"""What to do about what happened: pure functions from (session, event) to decisions.

Each module holds the rules of one concern. `standard` lists them all.
"""
