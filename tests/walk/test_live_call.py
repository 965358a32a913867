"""A live call: the sample's first seconds played into a real sound server and captured from it."""

import json
import sys
from pathlib import Path
from subprocess import PIPE, Popen

from app.cases.verify import verify
from tests.pulse import PrivatePulse
from tests.sound import read_sound, write_wav

LISTEN = Path(__file__).with_name("listen_to_sinks.py")
HEARD_S = 12.5


def test_a_live_call_is_judged_as_it_is_played(pulse: PrivatePulse, samples: Path, tmp_path: Path):
    sound, rate = read_sound(samples / "a_disclosed_assistant.wav")
    sides = dict(zip(("far", "mic"), sound[:, : round(HEARD_S * rate)], strict=True))
    for sink, side in sides.items():
        write_wav(tmp_path / f"{sink}.wav", side[None], rate)
    data = tmp_path / "data"
    with Popen(
        [sys.executable, LISTEN, data, str(HEARD_S + 2)], env=pulse.env, stdout=PIPE, text=True
    ) as listening:
        assert listening.stdout
        assert listening.stdout.readline() == "ready\n"
        players = [pulse.play(tmp_path / f"{sink}.wav", sink) for sink in sides]
        assert [player.wait(30) for player in players] == [0, 0]
        judged = json.loads(listening.stdout.read())
        assert listening.wait(30) == 0
    assert judged["ended"] == "stopped"
    assert {u["channel"] for u in judged["transcript"]} == {"caller", "agent"}
    assert judged["disclosure"]["state"] == "disclosed"
    assert "artificial intelligence" in judged["disclosure"]["quote"]
    assert judged["voice"]["speech_s"] > 4
    assert all(check.ok for check in verify(data / "cases.db"))
