"""The desk takes another model with its next call, never in the middle of one."""

from pathlib import Path
from typing import cast

from app.call.setup import LiveParts
from app.cases.writer import CaseWriter
from app.desk import LocalDesk
from app.engines import Engines
from app.paths import case_log
from app.settings import Settings, settings_with


class Loaded:
    """Engines that only note what became of them."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.closed = False

    def session(self, *_: object, **__: object) -> "Loaded":
        return self

    def start(self) -> None:
        pass

    def stop(self, **_: object) -> None:
        pass

    def wait(self) -> bool:
        return True

    def close(self) -> None:
        self.closed = True


def test_the_next_call_begins_with_the_chosen_model(samples: Path, tmp_path: Path) -> None:
    loaded: list[Loaded] = []

    def load(settings: Settings) -> Engines:
        loaded.append(Loaded(settings))
        return cast("Engines", loaded[-1])

    log = case_log(tmp_path)
    settings = settings_with(data_dir=tmp_path, threads=3)
    desk = LocalDesk(log, CaseWriter(log), settings, load, cast("LiveParts", None))

    def call() -> None:
        desk.start_file(
            samples / "b_helpdesk_con.wav", realtime=False, caller=None, listener=lambda *_: None
        )

    call()
    call()
    assert len(loaded) == 1
    desk.use_model("whisper_model", Path("/models/a"))
    assert not loaded[0].closed, "the call that runs goes on with it"
    call()
    assert [engines.closed for engines in loaded] == [True, False]
    assert loaded[1].settings.whisper_model == Path("/models/a")
    assert loaded[1].settings.threads == 3
    call()
    assert len(loaded) == 2
    desk.use_model("whisper_model", None)
    desk.close()
    assert all(engines.closed for engines in loaded)
