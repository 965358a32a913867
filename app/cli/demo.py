"""`earwitness demo`: the main job on the sample calls, against the verdicts written beside them."""

import json
import tempfile
from pathlib import Path
from typing import Any

import click

import resources
from app.analysis import analyze_file
from app.case_state import CaseState
from app.cli.common import Exit, data_dir_option, fail, printing
from app.compose import load_engines, open_case_log
from app.report import print_report
from app.settings import Settings, settings_with
from audio.types import CALL_RATE
from detection.types import AlertLevel

SAMPLES = resources.ROOT / "samples"
_CON = SAMPLES / "b_helpdesk_con.wav"


@click.command()
@click.option("--window", is_flag=True, help="Play the sample con through the window in real time.")
@data_dir_option
def demo(window: bool, data_dir: Path | None) -> None:
    """Judge the sample calls. Their cases go to a throw-away log unless --data-dir names one."""
    with tempfile.TemporaryDirectory(prefix="earwitness-demo-", ignore_cleanup_errors=True) as folder:
        settings = settings_with(data_dir=data_dir or Path(folder))
        if window:
            from app.entry import run_window

            raise SystemExit(run_window(settings, play=_CON))
        as_expected = _judge_samples(settings)
    raise SystemExit(Exit.OK if as_expected else Exit.NOT_AS_EXPECTED)


def _judge_samples(settings: Settings) -> bool:
    wrong: list[str] = []
    with load_engines(settings) as engines, open_case_log(settings) as writer:
        for call in sorted(SAMPLES.glob("*.wav")):
            state, error = analyze_file(call, None, engines, writer)
            if error:
                raise error
            with printing() as console:
                print_report(console, state)
            expected = json.loads(call.with_suffix(".expected.json").read_text(encoding="utf-8"))
            wrong += [f"{call.name}: {difference}" for difference in differences(state, expected)]
    for difference in wrong:
        fail(difference)
    if not wrong:
        with printing():
            click.echo("\nBoth sample calls were judged as expected.")
    return not wrong


def differences(state: CaseState, expected: dict[str, Any]) -> list[str]:
    """Where a call was not judged as it is written beside it, one sentence each."""
    found = {
        "voice": state.voice.level.value,
        "conversation": state.conversation.level.value,
        "disclosure": state.disclosure.state.value,
        "alerts": [alert.subject for alert in state.alerts if alert.level is AlertLevel.ALERT],
    }
    wrong = [
        f"{key} is {value!r} and should be {expected[key]!r}."
        for key, value in found.items()
        if value != expected[key]
    ]
    missing = set(expected["tactics"]) - {finding.tactic for finding in state.findings}
    if missing:
        wrong.append(f"the tactics {', '.join(sorted(missing))} were not found.")
    limit_s = expected.get("disclosed_within_s")
    if limit_s is not None and (state.disclosure.at or 0) > limit_s * CALL_RATE:
        wrong.append(f"the disclosure came after {limit_s} s.")
    return wrong
