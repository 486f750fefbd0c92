"""Turns titles into slugs: short, plain names for files and addresses."""

from plain_slug.slugs import slug, unique

__all__ = ["slug", "unique"]
