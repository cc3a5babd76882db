"""A preview of a dashboard without Grafana: what Prometheus answers, in simple pictures of our own.

It shows what the queries return and where panels are, and says so. How Grafana draws them it can't tell.
"""
