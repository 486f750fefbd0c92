"""The shapes in which a swarm can be coordinated."""

from typing import Literal, get_args

Shape = Literal["hierarchical", "mesh", "star", "ring"]
"""How a swarm is coordinated at one moment."""
SHAPES: tuple[Shape, ...] = get_args(Shape)
