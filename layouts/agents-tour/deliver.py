"""Delivers with a password that only this process is given, and shows only a hash of it."""

import hashlib

from mop_tui import agent

password = agent.secret("password")
salted = hashlib.pbkdf2_hmac("sha256", password.encode(), b"agents-tour", 50_000)
print("if I tried to print it:", password)
agent.output(f"delivered; the lock knows it as {salted.hex()[:12]}")
