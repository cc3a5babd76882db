"""Tables, CSV and JSON."""

from monitor.cli.output import coloured, csv_text, cut, listing, stacked, table, whole


def test_columns_line_up():
    """Columns line up, also where a character takes two cells."""
    lines = table(("name", "n"), [("ab", "1"), ("日本", "2")]).splitlines()

    assert lines == ["name  n", "ab    1", "日本  2"]


def test_last_column_gives_way():
    """A table that is wider than the terminal has its last column cut."""
    lines = table(("a", "b"), [("x" * 10, "y" * 90)], 40).splitlines()

    assert [len(line) for line in lines] == [13, 40]
    assert lines[1].endswith("…")


def test_what_is_too_wide_becomes_paragraphs():
    """Where a terminal is too narrow for a table, each row is a paragraph, and nothing is cut."""
    head, rows = ("id", "about", "error"), [("x" * 10, "y" * 20, "z" * 30), ("b", "c", "d\x1b")]

    assert listing(head, rows, 46) == table(head, rows, 46)
    assert listing(head, rows, 45).splitlines() == [
        "xxxxxxxxxx",
        f"  about  {'y' * 20}",
        f"  error  {'z' * 30}",
        "",
        "b",
        "  about  c",
        "  error  d\ufffd",
    ]


def test_what_may_not_be_cut_becomes_paragraphs():
    """What people wrote is never cut: where the table is too wide, each row is a paragraph."""
    assert whole(("id", "text"), [("x", "y" * 40)], 44) == table(("id", "text"), [("x", "y" * 40)])
    assert whole(("id", "text"), [("x", "y" * 40)], 43) == f"x\n  text  {'y' * 40}"


def test_what_is_too_wide_is_stacked():
    """A table that is too wide becomes several, each with the first column, or paragraphs at last."""
    head, rows = ("id", "a", "b", "c"), [("x", "1" * 9, "2" * 20, "3" * 9), ("y", "", "", "")]

    assert stacked(head, rows, None) == stacked(head, rows, 46) == table(head, rows)
    assert stacked(head, rows, 30).splitlines() == [
        "id  a          c",
        "x   111111111  333333333",
        "y",
        "",
        "id  b",
        "x   22222222222222222222",
        "y",
    ]
    assert stacked(head, rows, 23) == whole(head, rows, 23)


def test_nothing_is_cut_off_a_terminal():
    """Where stdout is no terminal nothing is cut."""
    assert "y" * 90 in table(("a", "b"), [("x", "y" * 90)], None)


def test_text_of_targets_cannot_steer_the_terminal():
    """Control characters are made visible."""
    assert "\x1b" not in table(("a",), [("\x1b[31mred\x07",)])


def test_spreadsheets_compute_nothing():
    """A cell that begins as a formula becomes text; a number stays one."""
    assert csv_text(("a", "b"), [("=1+1", "-3.5"), ("@x", 'say "hi"')]) == (
        'a,b\r\n\'=1+1,-3.5\r\n\'@x,"say ""hi"""\r\n'
    )


def test_cut_counts_cells():
    """Wide characters count twice when text is cut."""
    assert cut("日本語", 5) == "日本…"
    assert cut("日本語", 6) == "日本語"


def test_no_color_turns_colours_off(monkeypatch):
    """NO_COLOR turns colours off."""
    monkeypatch.setenv("NO_COLOR", "1")
    assert coloured("up", "green") == "up"

    monkeypatch.delenv("NO_COLOR")
    assert "\x1b[" in coloured("up", "green")
