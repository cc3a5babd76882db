import json

import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from monitor.configuration.document import Block, Series, parse

TEXTS = st.text(st.characters(codec="utf-8", exclude_categories=["Cc", "Cs"]), max_size=8)
# Without what YAML 1.1, which the other writer writes, and 1.2 read differently.
WORDS = st.text("ab :#-'\"é\n&*!|>[]{},", max_size=8)
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-(10**9), 10**9) | TEXTS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXTS, inner, max_size=4),
    max_leaves=20,
)


@given(VALUES)
@settings(deadline=None)
def test_json_means_the_same(value):
    """JSON is YAML: a document reads as the JSON that it is."""
    assert parse(json.dumps(value, ensure_ascii=False), "x").root == value


@given(
    st.dictionaries(
        WORDS, WORDS | st.lists(WORDS | st.integers(-99, 99) | st.booleans(), max_size=4)
    )
)
@settings(deadline=None)
def test_block_style_means_the_same(value):
    """What another writer of YAML wrote reads as what it meant."""
    text = yaml.safe_dump(value, allow_unicode=True)

    assert parse(text, "x").root == json.loads(json.dumps(value))


def test_places():
    """Every key and every value knows its line and its column, counted from 1 in characters."""
    root = parse("ä: [1, {b: c}]\nd:\n  - e\n", "x").root

    assert isinstance(root, Block)
    assert (root.at, root.keys_at, root.values_at) == (
        (1, 1),
        {"ä": (1, 1), "d": (2, 1)},
        {"ä": (1, 4), "d": (3, 3)},
    )
    assert isinstance(root["ä"], Series)
    assert root["ä"].items_at == [(1, 5), (1, 8)]
    assert root["ä"][1].keys_at == {"b": (1, 9)}


def test_first_of_two_keys_stays():
    """A key given twice keeps its first value, and both places are told."""
    document = parse("a: 1\nb: 2\na: 3\n", "x")

    assert document.root == {"a": 1, "b": 2}
    assert str(document.problems[0]) == "x:3:1: a: given twice: first at line 1, column 1"


def test_quoted_is_text():
    """Quotes make text of anything."""
    assert parse("""["1", 'true', "~", '']""", "x").root == ["1", "true", "~", ""]
