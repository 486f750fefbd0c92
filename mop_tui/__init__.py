"""mop-tui: mission control for a swarm of agents, in one terminal."""

__version__ = "0.1.0"
