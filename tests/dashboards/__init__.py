"""The dashboards for Grafana that deploy/grafana ships, and what makes them.

`boards` says what is shown; `rendering` makes Grafana's JSON of it, in two languages; `files` is
what `make generate` writes. Nothing of this is needed to run Pantau, so no wheel has it.
"""
