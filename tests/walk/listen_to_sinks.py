"""Walks a live call from the sinks `far` (caller) and `mic` (agent), given a data folder and seconds.

Run in a process of its own, since PortAudio reads its configuration once. Prints `ready` once both
channels are heard, and the case's object when the call has ended.
"""

import json
import sys
import time
from pathlib import Path

from app.case_state import CaseState
from app.cases.reader import CaseReader
from app.compose import case_log_path, load_engines, open_case_log
from app.report import as_json
from app.settings import settings_with
from audio.capture import DeviceSource
from audio.devices import find_input
from audio.types import Channel


def main() -> None:
    settings = settings_with(data_dir=Path(sys.argv[1]))
    source = DeviceSource({Channel.CALLER: find_input("far"), Channel.AGENT: find_input("mic")})
    with load_engines(settings) as engines, open_case_log(settings) as writer:
        session = engines.session(source, writer)
        session.start()
        while session.progress[0] == 0:
            time.sleep(0.01)
        sys.stdout.write("ready\n")
        sys.stdout.flush()
        time.sleep(float(sys.argv[2]))
        session.stop()
        session.wait()
    with CaseReader(case_log_path(settings)) as reader:
        events = [stored.event for stored in reader.events(session.case_id)]
    sys.stdout.write(json.dumps(as_json(CaseState.of(session.case_id, events), source.name)))


if __name__ == "__main__":
    main()
