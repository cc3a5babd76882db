"""The YAML parser's complaints, in words that say what would be right."""

import yaml

from monitor.configuration.problem import Problem

_NO_TOKEN = "found character that cannot start any token"  # noqa: S105 (no password: YAML's token)
_ADVICE = {
    "mapping values are not allowed in this context": (
        "a colon where none may be: put text that holds ': ' in quotes, and check the indentation"
    ),
    "did not find expected key": "this line fits no mapping: check its indentation and its colon",
    "did not find expected '-' indicator": (
        "this line fits no list: it begins with '- ', indented as those above it"
    ),
    "did not find expected ',' or ']'": (
        "a list that begins with [ goes on with a comma or ends with ]"
    ),
    "did not find expected ',' or '}'": (
        "a mapping that begins with { goes on with a comma or ends with }"
    ),
    "could not find expected ':'": "a key without a colon: write `key: value`",
    "found unexpected end of stream": "a quote is missing: the text never ends",
}


def syntax_problem(error: yaml.MarkedYAMLError, text: str, file: str) -> Problem:
    """Return what PyYAML's error means, at the place where reading stopped."""
    mark = error.problem_mark or error.context_mark
    line, column = (mark.line, mark.column) if mark else (0, 0)
    problem = str(error.problem or "no valid YAML")
    message = _ADVICE.get(problem, f"no valid YAML: {problem}")
    if problem == _NO_TOKEN:
        message = _strange_start(text, line, column)
    begun = error.context_mark
    if begun and begun.line != line:
        message += f" (what it belongs to begins at line {begun.line + 1})"
    return Problem(file, line + 1, column + 1, message)


def _strange_start(text: str, line: int, column: int) -> str:
    # Not splitlines(): it breaks at more characters than YAML does.
    lines = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    character = lines[line][column : column + 1] if line < len(lines) else ""
    if character == "\t":
        return "a tab: indent with spaces"
    return f"text that begins with {character!r} goes in quotes"
