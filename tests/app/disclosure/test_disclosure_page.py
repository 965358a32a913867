import re
from datetime import timedelta
from html.parser import HTMLParser

from app.cases.disclosures import JudgedCall
from app.disclosure.figures import report_of
from app.disclosure.page import report_page
from app.disclosure.span import Span
from audio.types import Channel
from detection.types import DisclosureState as S
from tests.app.disclosure.calls import NOON, rule, verdict

VOID = {"meta"}
EVIL = """<script>alert(1)</script><img src=x onerror="y">'&amp;\u202e\x1b"""


class Reader(HTMLParser):
    """Reads a page strictly: every element ends where it should."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.tags: set[str] = set()
        self.attributes: set[str] = set()
        self.rows: list[list[str]] = []
        self.feed(page)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.attributes |= {name for name, _ in attrs}
        if tag == "tr":
            self.rows.append([])
        elif tag in {"td", "th"}:
            self.rows[-1].append("")
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if self.open and self.open[-1] in {"td", "th"}:
            self.rows[-1][-1] += data


def page(*calls: JudgedCall) -> str:
    return report_page(report_of(calls, Span(NOON - timedelta(days=1), NOON)), NOON)


def denied(case_id: str = "20261120-7f3a", text: str = "I am a person", **more: str) -> JudgedCall:
    title = more.get("title", "Say so")
    judged = verdict(S.DENIED, rule(S.DENIED, title=title), question=f"{text}?", answer=text)
    return JudgedCall(case_id, more.get("source", "call.wav"), NOON, Channel.CALLER, judged)


def test_the_page_says_what_was_found_and_lists_denials():
    text = page(denied(), JudgedCall("2", "b.wav", NOON, Channel.CALLER, None))
    reader = Reader(text)
    assert reader.open == []
    assert ["Denied", "1"] in reader.rows
    assert ["Not checked", "1"] in reader.rows
    (found,) = [row for row in reader.rows if row[0] == "20261120-7f3a"]
    assert found[2:] == ["Callers' AI: call.wav", "0:09 “I am a person?”", "1:11 “I am a person”"]
    assert "This is a finding under the policies this site chose, not a legal judgement." in text
    assert "1 line is not shown: no call with an AI." in text


def test_rows_are_as_long_as_their_headings():
    rows = Reader(page(denied(), denied("2"))).rows
    assert {len(row) for row in rows} == {2, 5, 11}


def test_nothing_that_was_said_or_named_becomes_part_of_the_page():
    text = page(denied(EVIL, EVIL, source=EVIL, title=EVIL))
    reader = Reader(text)
    assert reader.open == []
    assert not reader.tags & {"script", "img", "a", "link", "iframe", "form"}
    assert reader.attributes <= {"lang", "charset", "name", "content", "http-equiv", "class", "scope"}
    assert "\u202e" not in text
    assert "\x1b" not in text
    shown = [cell for row in reader.rows for cell in row if "<script>alert(1)</script>" in cell]
    assert len(shown) == 6, "rule, line, case, its line, question and answer"


def test_the_page_needs_nothing_from_elsewhere_and_fits_light_dark_and_paper():
    text = page(denied())
    assert not re.search(r"https?:|//|url\(|@import", text)
    assert "default-src 'none'" in text
    assert "prefers-color-scheme: dark" in text
    assert "@media print" in text


def test_no_word_of_law_is_used_for_a_finding():
    text = page(denied(), *(JudgedCall("2", "b", NOON, Channel.CALLER, verdict(state)) for state in S))
    assert not re.search("illegal|violat|unlawful|offen[cs]e|breach", text, re.IGNORECASE)


def test_without_calls_there_is_a_page_too():
    reader = Reader(page())
    assert reader.open == []
    assert ["With an AI, all together", "0"] in reader.rows
    assert "In no call was an AI found to say that it is a person." in page()
