"""The bridge: threads on one side, one thread and one timer on the other."""

import threading
from pathlib import Path

import pytest
from PySide6.QtCore import QThread

from app.bridge import MAX_EVENTS_PER_TICK, TICK_MS, SessionBridge
from audio.types import CALL_RATE, Channel
from detection.types import PartialText


@pytest.fixture
def bridge(desk):
    bridge = SessionBridge(desk)
    yield bridge
    bridge.shut_down()


def test_events_arrive_in_order_merged_and_in_the_ui_thread(qtbot, bridge, many):
    events = many(200)
    batches, threads = [], set()

    def on_committed(case_id, batch):
        batches.append((case_id, batch))
        threads.add(QThread.currentThread())

    bridge.events_committed.connect(on_committed)
    store = threading.Thread(target=lambda: [bridge.receive("case", [event]) for event in events])
    store.start()
    store.join()
    qtbot.waitUntil(lambda: sum(len(batch) for _, batch in batches) == len(events))
    assert [event for _, batch in batches for event in batch] == events
    assert len(batches) <= 3
    assert threads == {QThread.currentThread()}


def test_a_tick_carries_no_more_than_the_window_can_take(qtbot, bridge, many):
    sizes = []
    bridge.events_committed.connect(lambda _, batch: sizes.append(len(batch)))
    events = many(2_000)
    bridge.receive("case", events)
    qtbot.waitUntil(lambda: sum(sizes) == len(events))
    assert max(sizes) == MAX_EVENTS_PER_TICK


def test_two_cases_are_never_mixed_in_one_batch(qtbot, bridge, con, honest):
    batches = []
    bridge.events_committed.connect(lambda case_id, batch: batches.append((case_id, batch)))
    bridge.receive("one", con)
    bridge.receive("two", honest)
    qtbot.waitUntil(lambda: len(batches) == 2)
    assert batches == [("one", list(con)), ("two", list(honest))]


def test_levels_and_progress_are_polled_while_a_call_runs(qtbot, bridge, desk):
    with qtbot.waitSignals([bridge.levels_changed, bridge.progress_changed], timeout=2_000):
        bridge.start_file(Path("a.wav"), realtime=True, caller=None)
    desk.session.end()


def test_requests_run_off_the_ui_thread_on_one_worker(qtbot, bridge, desk, con):
    desk.cases["one"] = con
    with qtbot.waitSignals([bridge.cases_listed, bridge.case_loaded]):
        bridge.list_cases(10)
        bridge.load_case("one")
    assert desk.threads == {"earwitness-desk_0"}


def test_the_end_is_told_after_the_last_event(qtbot, bridge, desk, many):
    order = []
    bridge.events_committed.connect(lambda *_: order.append("events"))
    bridge.session_ended.connect(lambda _: order.append("end"))
    with qtbot.waitSignal(bridge.session_started):
        bridge.start_file(Path("a.wav"), realtime=True, caller=None)
    desk.session.commit(many(2_000))
    desk.session.end()
    qtbot.waitUntil(lambda: "end" in order)
    assert order.count("end") == 1
    assert order[-1] == "end"
    assert order.count("events") >= 3


def test_an_unknown_case_is_an_error_and_the_bridge_goes_on(qtbot, bridge, desk, con):
    with qtbot.waitSignal(bridge.request_failed) as failed:
        bridge.load_case("nowhere")
    assert isinstance(failed.args[0], KeyError)
    desk.cases["one"] = con
    with qtbot.waitSignal(bridge.case_loaded) as loaded:
        bridge.load_case("one")
    assert loaded.args[0].voice.speech_s == pytest.approx(14.9)


def test_a_call_that_will_not_end_does_not_hold_up_closing_for_ever(qtbot, bridge, desk):
    with qtbot.waitSignal(bridge.session_started):
        bridge.start_file(Path("a.wav"), realtime=True, caller=None)
    desk.session.stop = lambda **_: None
    assert not bridge.shut_down(timeout_s=2 * TICK_MS / 1000)
    desk.session.end()


def test_the_text_of_open_speech_is_told_when_it_changes(qtbot, bridge, desk):
    told = []
    bridge.partials_changed.connect(lambda partials, is_behind: told.append((partials, is_behind)))
    bridge.start_file(Path("a.wav"), realtime=True, caller=None)
    qtbot.waitUntil(lambda: bridge.is_running)
    partial = PartialText(Channel.CALLER, 0, CALL_RATE, "hello", "this")
    desk.session.partials = {Channel.CALLER: partial}
    qtbot.waitUntil(lambda: told == [([partial], False)])
    desk.session.is_text_behind = True
    qtbot.waitUntil(lambda: told[1:] == [([partial], True)])
    qtbot.wait(3 * TICK_MS)
    assert len(told) == 2
    desk.session.end()
