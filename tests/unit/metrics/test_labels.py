import pytest
from hypothesis import given
from hypothesis import strategies as st
from prometheus_client.openmetrics.parser import text_string_to_metric_families as openmetrics
from prometheus_client.parser import text_string_to_metric_families as plain

from monitor.domain.text import visible_text
from monitor.metrics.labels import MAX_BYTES, escaped, foreign, label_name, rendered
from tests.payloads import PAYLOADS


def test_quotes_backslashes_and_line_ends_are_escaped():
    """A label value may hold any text: the three characters of the format are escaped."""
    assert rendered([("instance", 'a"b\\c\nd')]) == r'instance="a\"b\\c\nd"'


def test_what_a_target_sends_is_escaped():
    """A target cannot end a label value of its own accord."""
    assert foreign((("subject", 'CN="a\\b"'),)) == r',subject="CN=\"a\\b\""'


def test_half_a_surrogate_is_no_text():
    """What is not Unicode text is shown as a question mark, so that the body stays UTF-8."""
    assert escaped("a\ud800b") == "a?b"


@pytest.mark.parametrize("parse", [plain, openmetrics], ids=["text", "openmetrics"])
def test_prometheus_reads_what_was_meant(parse):
    """Whatever a service is called and a target sends, Prometheus' own parser reads as many samples
    as were written, with the labels that were meant.
    """
    written = "".join(
        f'x{{number="{number}",{rendered([("name", text)])}{foreign((("sent", text),))}}} 1\n'
        for number, text in enumerate(PAYLOADS)
    )
    scrape = f"# TYPE x gauge\n{written}# EOF\n"

    read = [each.labels for family in parse(scrape) for each in family.samples]

    assert read == [
        {
            "number": str(number),
            "name": text.encode(errors="replace").decode(),
            "sent": visible_text(text, MAX_BYTES),
        }
        for number, text in enumerate(PAYLOADS)
    ]


def test_what_a_target_sends_is_cut():
    """A label value that a target sent takes at most 256 bytes, cut between characters."""
    text = foreign((("subject", "é" * 1000),))

    value = text.removeprefix(',subject="').removesuffix('"')
    assert 250 <= len(value.encode()) <= MAX_BYTES


def test_a_long_ascii_value_is_cut_too():
    """A label value that a target sent takes at most 256 bytes, cut between characters."""
    value = foreign((("subject", "x" * 1000),)).removeprefix(',subject="').removesuffix('"')

    assert len(value.encode()) <= MAX_BYTES


@given(st.text(alphabet=st.characters(), max_size=400))
def test_any_foreign_value_stays_on_its_line(value):
    """Whatever a target sends, its series is one line with one closing quote, in UTF-8."""
    text = foreign((("subject", value),))

    inner = text.removeprefix(',subject="').removesuffix('"')
    assert len(text.encode().splitlines()) == 1
    assert '"' not in inner.replace(r"\\", "").replace(r"\"", "")


def test_a_configured_label_gets_a_legal_name():
    """A configured label that Prometheus would not take is renamed, one that is taken too."""
    assert label_name("kelas-layanan", ()) == "kelas_layanan"
    assert label_name("2024", ()) == "_2024"
    assert label_name("owner", ("owner",)) == "exported_owner"
