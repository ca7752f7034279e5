"""The process: configuration, HTTP routes, lifespan, command line, node simulator, metrics."""
