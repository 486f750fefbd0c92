"""What is learned about the world by looking at it."""
