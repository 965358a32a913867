"""No call is kept without a basis, and the basis is recorded in the very words that were shown."""

import getpass
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from pydantic import TypeAdapter

import resources
from app.call.consent import ConsentError, ConsentRecorded, ConsentRules, consent_text
from app.words import local_time
from detection.errors import DetectionError

SHIPPED = resources.ROOT / "consent" / "en.yaml"
SITE = """\
id: site
revision: "7"
notice: We listen.
recording: We record.
confirmation: They know.
"""


@pytest.fixture
def site(tmp_path: Path) -> Path:
    """A site's own notice."""
    path = tmp_path / "notice.yaml"
    path.write_text(SITE)
    return path


def test_the_shipped_notice_says_that_sound_is_kept_only_where_it_is():
    kept = ConsentRules.of("ask", "", SHIPPED, keeps_audio=True)
    not_kept = ConsentRules.of("ask", "", SHIPPED, keeps_audio=False)
    assert kept.told == f"{not_kept.told} {kept.notice.recording}"
    assert "sound of this call is kept" in kept.told
    assert "kept" not in not_kept.told
    assert "program" in not_kept.told


def test_a_call_that_nobody_acknowledged_has_no_basis(site: Path):
    rules = ConsentRules.of("ask", "", site, keeps_audio=False)
    assert rules.asks
    with pytest.raises(
        ConsentError, match=r"Nothing of this call is kept.*--consent-given.*consent_basis"
    ):
        rules.record()


def test_a_basis_that_is_set_does_not_count_while_each_call_is_asked_about(site: Path):
    with pytest.raises(ConsentError, match="Nothing of this call is kept"):
        ConsentRules.of("ask", "works agreement 4", site, keeps_audio=False).record()


def test_an_acknowledgement_is_recorded_in_the_words_that_were_shown(site: Path):
    rules = ConsentRules.of("ask", "", site, keeps_audio=True)
    before = datetime.now(UTC)
    consent = rules.record(rules.acknowledged("command line", "  Kim\nLee "))
    given = consent.acknowledgement
    assert given
    assert (given.notice_id, given.notice_revision) == ("site", "7")
    assert (given.notice, given.confirmation) == ("We listen. We record.", "They know.")
    assert (given.by, given.through) == ("Kim Lee", "command line")
    at = datetime.fromisoformat(given.at_time)
    assert at.utcoffset() == timedelta(0)
    assert before - timedelta(seconds=1) < at <= datetime.now(UTC)
    assert (consent.standing_basis, consent.keeps_audio, consent.at) == ("", True, 0)


def test_whoever_is_logged_in_acknowledges_where_nobody_is_named(
    site: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(getpass, "getuser", lambda: "kim")
    rules = ConsentRules.of("ask", "", site, keeps_audio=False)
    assert rules.acknowledged("window", " ").by == "kim"


@pytest.mark.parametrize("error", [OSError("no entry"), KeyError("uid"), ImportError("pwd")])
def test_a_system_that_does_not_say_who_is_logged_in_is_told(
    site: Path, monkeypatch: pytest.MonkeyPatch, error: Exception
):
    def unknown() -> str:
        raise error

    monkeypatch.setattr(getpass, "getuser", unknown)
    with pytest.raises(ConsentError, match="--consent-by"):
        ConsentRules.of("ask", "", site, keeps_audio=False).acknowledged("command line")


@pytest.mark.parametrize("mode", ["ask", "standing"])
def test_one_cannot_agree_to_less_and_have_the_sound_kept(site: Path, mode: str):
    given = ConsentRules.of(mode, "clause 4", site, keeps_audio=False).acknowledged("window", "Kim")
    with pytest.raises(ConsentError, match="not the notice that is in force"):
        ConsentRules.of(mode, "clause 4", site, keeps_audio=True).record(given)


def test_a_confirmation_in_other_words_does_not_count(site: Path):
    rules = ConsentRules.of("ask", "", site, keeps_audio=False)
    given = replace(rules.acknowledged("window", "Kim"), confirmation="Whatever.")
    with pytest.raises(ConsentError, match="not the notice that is in force"):
        rules.record(given)


def test_a_standing_basis_needs_no_acknowledgement_and_keeps_one(site: Path):
    rules = ConsentRules.of("standing", " Works agreement\n 2026-04 ", site, keeps_audio=False)
    assert not rules.asks
    assert rules.record() == ConsentRecorded("Works agreement 2026-04", None, keeps_audio=False)
    given = rules.acknowledged("window", "Kim")
    assert rules.record(given).acknowledgement == given


@pytest.mark.parametrize("basis", ["", "  \n"])
def test_a_standing_basis_has_to_be_said(site: Path, basis: str):
    with pytest.raises(ConsentError, match="consent_basis does not say"):
        ConsentRules.of("standing", basis, site, keeps_audio=False)


@pytest.mark.parametrize("mode", ["", "none", "Ask"])
def test_an_unknown_mode_is_refused(site: Path, mode: str):
    with pytest.raises(ConsentError, match="choose ask or standing"):
        ConsentRules.of(mode, "clause 4", site, keeps_audio=False)


def test_the_record_reads_back_from_json_as_it_was(site: Path):
    rules = ConsentRules.of("standing", "clause 4", site, keeps_audio=True)
    adapter = TypeAdapter(ConsentRecorded)
    for consent in (rules.record(), rules.record(rules.acknowledged("window", "Kim"))):
        assert adapter.validate_json(adapter.dump_json(consent)) == consent


def test_the_record_in_sentences(site: Path):
    asked = ConsentRules.of("ask", "", site, keeps_audio=True)
    given = asked.acknowledged("command line", "Kim")
    assert consent_text(asked.record(given)) == (
        f'Kim confirmed (command line, {local_time(given.at_time)}): "They know."',
        'The notice (site, revision 7): "We listen. We record."',
        "The sound of this call is kept.",
    )
    standing = ConsentRules.of("standing", "Clause 4", site, keeps_audio=False)
    assert consent_text(standing.record()) == (
        'Standing basis of this site: "Clause 4".',
        "The sound of this call is not kept, only what was written down.",
    )


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ("notice: We listen.", "notice: ''", "line 3: notice: "),
        ("notice: We listen.", "notice: '  '", "line 3: notice: "),
        ("notice: We listen.", "notice: [We, listen]", "line 3: notice: "),
        ("recording: We record.\n", "", "line 1: recording: "),
        ("confirmation: They know.", "confirmed: They know.", "line 5: confirmed: there is no field"),
        ("confirmation: They know.", f"confirmation: {'x' * 2001}", "line 5: confirmation: "),
        ("confirmation: They know.", "notice: Again.", "line 5: 'notice' is there twice"),
        ('revision: "7"', "revision: [", "line "),
        (SITE, "", "is empty"),
    ],
)
def test_a_mistake_in_a_sites_notice_is_named_with_its_line(site: Path, old: str, new: str, told: str):
    assert old in SITE
    site.write_text(SITE.replace(old, new))
    with pytest.raises(DetectionError) as refused:
        ConsentRules.of("ask", "", site, keeps_audio=False)
    assert str(site) in str(refused.value)
    assert told in str(refused.value)
    assert "\n" not in str(refused.value)


def test_a_notice_that_is_not_there_is_named(tmp_path: Path):
    with pytest.raises(DetectionError, match=r"mine\.yaml cannot be read"):
        ConsentRules.of("ask", "", tmp_path / "mine.yaml", keeps_audio=False)
