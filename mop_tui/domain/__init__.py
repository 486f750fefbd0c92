"""What a session is: events, lifecycles, plan, state and the fold. No I/O, no clock, no chance."""
