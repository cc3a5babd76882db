"""Asks Helm, the library: `python helm.py lint|render CHART`, with the values as JSON on standard input.

Runs in the environment that `make deploy-check` makes. Prints what Helm answers as JSON; ends with 1
and says why where Helm refuses.
"""

import json
import sys

import helm_python


def main() -> None:
    action, chart = sys.argv[1:]
    values = json.load(sys.stdin)
    try:
        if action == "lint":
            answer = helm_python.lint(chart, values, strict=True)
        else:
            with helm_python.Chart.load(chart) as loaded:
                answer = loaded.render(values, name="kota", namespace="pemantauan")
    except helm_python.HelmError as error:
        sys.exit(str(error))
    print(json.dumps(answer))


main()
