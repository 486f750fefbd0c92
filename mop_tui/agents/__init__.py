"""How agents run. `host` is the face all hosts share; each other module is one way to run."""
