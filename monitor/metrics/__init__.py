"""What Prometheus reads: the series of checks and services, and the daemon's own figures."""
