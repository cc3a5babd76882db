"""What the daemon serves: /metrics, the pages, health, and its own control socket."""
