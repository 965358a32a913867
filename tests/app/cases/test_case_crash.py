"""What is left of a log after its process, its disk or its permissions went away."""

import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import textwrap
import threading
import time
from pathlib import Path

import pytest

from app.cases.reader import CaseReader
from app.cases.records import CaseStatus
from app.cases.verify import verify
from app.cases.writer import CaseWriter

WRITE_FOR_EVER = """
    import sys
    from pathlib import Path
    from app.cases.writer import CaseWriter
    from app.errors import CaseLogError
    from audio.types import Channel
    from detection.events import NotJudged

    def told(stored):
        for entry in stored:
            print(entry.case_id, entry.seq, entry.hash, flush=True)

    try:
        with CaseWriter(Path(sys.argv[1])) as writer:
            case_id = writer.open_case("a.wav", "2026-11-20T14:22:33.120+00:00")
            for at in range(1_000_000):
                events = [NotJudged("all", Channel.CALLER, 0, at, "x" * (at % 900), at)] * (1 + at % 4)
                writer.append(case_id, events, told)
    except CaseLogError as error:
        print("ERROR", error, flush=True)
"""

needs_posix = pytest.mark.skipif(os.name != "posix", reason="uses POSIX limits and users")
needs_linux_root = pytest.mark.skipif(
    not sys.platform.startswith("linux") or os.getuid() != 0, reason="mounts a file system"
)


def child(script: str, *arguments: object, before: str = "") -> subprocess.Popen[str]:
    code = textwrap.dedent(before) + textwrap.dedent(script)
    command = [sys.executable, "-c", code, *map(str, arguments)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True)


def first_line(process: subprocess.Popen[str]) -> str:
    assert process.stdout
    return process.stdout.readline()


def told_lines(output: str) -> list[list[str]]:
    """The whole lines a child wrote: it may have been killed within the last."""
    whole, _, _ = output.rpartition("\n")
    return [line.split(" ", 2) for line in whole.split("\n")]


def assert_all_kept(log: Path, told: list[list[str]]) -> None:
    with CaseReader(log) as reader:
        for case_id in {case_id for case_id, _, _ in told}:
            hashes = {entry.seq: entry.hash for entry in reader.events(case_id)}
            lines = [(int(seq), link) for each, seq, link in told if each == case_id]
            assert lines
            assert [seq for seq, _ in lines] == list(range(len(lines)))
            assert all(hashes[seq] == link for seq, link in lines)
            assert all(check.ok for check in verify(log, case_id))


@needs_posix
def test_nothing_committed_is_lost_when_the_process_is_killed(log):
    moments = random.Random(2)  # noqa: S311  when to kill is no secret
    for _ in range(15):
        process = child(WRITE_FOR_EVER, log)
        first = first_line(process)
        killer = threading.Timer(moments.uniform(0, 0.4), process.send_signal, [signal.SIGKILL])
        killer.start()
        output, _ = process.communicate()
        killer.join()
        assert process.returncode == -signal.SIGKILL
        told = told_lines(first + output)

        begun = time.monotonic()
        assert_all_kept(log, told)
        CaseWriter(log).close()
        assert time.monotonic() - begun < 5
    with CaseReader(log) as reader:
        assert {summary.status for summary in reader.summaries()} == {CaseStatus.NOT_ENDED}
        assert reader.count() == 15
    assert all(check.ok for check in verify(log))


@needs_posix
def test_two_processes_write_at_once(log, call):
    other = child(WRITE_FOR_EVER, log)
    first = first_line(other)
    with CaseWriter(log) as writer:
        case_id = writer.open_case("b.wav", "2026-11-20T14:22:33.120+00:00")
        for event in call * 10:
            writer.append(case_id, [event])
    other.kill()
    output, _ = other.communicate()
    assert_all_kept(log, told_lines(first + output))
    with CaseReader(log) as reader:
        assert reader.summary(case_id).event_count == 10 * len(call)


@needs_posix
def test_a_file_that_may_not_grow_ends_in_one_sentence(log):
    limit = """
        import resource
        resource.setrlimit(resource.RLIMIT_FSIZE, (200_000, 200_000))
    """
    process = child(WRITE_FOR_EVER, log, before=limit)
    output, _ = process.communicate(timeout=60)
    assert process.returncode == 0
    *told, (word, *sentence) = told_lines(output)
    assert word == "ERROR"
    assert "cases.db" in " ".join(sentence)
    assert "kept" in " ".join(sentence)
    assert_all_kept(log, told)


@needs_linux_root
def test_a_full_disk_ends_in_one_sentence_and_later_goes_on(tmp_path, call):
    mounted = tmp_path / "small"
    mounted.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", str(mounted)]
    if subprocess.run(mount, check=False, capture_output=True).returncode:
        pytest.skip("this system does not let tests mount")
    try:
        log = mounted / "cases.db"
        ballast = mounted / "ballast"
        ballast.write_bytes(bytes(500_000))
        process = child(WRITE_FOR_EVER, log)
        output, _ = process.communicate(timeout=60)
        assert process.returncode == 0
        *told, (word, *sentence) = told_lines(output)
        assert word == "ERROR"
        assert "full" in " ".join(sentence)
        assert_all_kept(log, told)
        ballast.unlink()
        with CaseWriter(log) as writer:
            case_id = writer.open_case("b.wav", "2026-11-20T14:22:33.120+00:00")
            writer.append(case_id, call)
        assert_all_kept(log, told)

        read_only = ["mount", "-o", "remount,ro", str(mounted)]
        subprocess.run(read_only, check=True)
        assert_all_kept(log, told)
        process = child(WRITE_FOR_EVER, log)
        output, _ = process.communicate(timeout=60)
        assert "read-only; make it and its folder writable" in output
    finally:
        subprocess.run(["umount", str(mounted)], check=True)


@needs_posix
@pytest.mark.parametrize("bits", [0o555, 0o000])
def test_a_folder_without_permission_is_named(call, bits):
    # pytest's own folder is closed to the unprivileged user that root has to become.
    folder = Path(tempfile.mkdtemp())
    try:
        log = folder / "cases.db"
        with CaseWriter(log) as writer:
            case_id = writer.open_case("a.wav", "2026-11-20T14:22:33.120+00:00")
            writer.append(case_id, call)
        log.chmod(0o444)
        folder.chmod(bits)
        script = """
            import encodings.utf_16_be, os, sys  # found before the right to read it is given up
            from pathlib import Path
            from app.cases.reader import CaseReader
            from app.cases.verify import verify
            from app.cases.writer import CaseWriter
            from app.errors import CaseLogError
            if os.getuid() == 0:
                os.setuid(65534)
            for use in (CaseWriter, lambda path: print(all(check.ok for check in verify(path)))):
                try:
                    use(Path(sys.argv[1]))
                except CaseLogError as error:
                    print(error)
        """
        process = child(script, log)
        output, _ = process.communicate(timeout=60)
        written, read = output.splitlines()
        assert "cases.db" in written
        assert "--data-dir" in written
        assert read == "True" if bits else "cannot be reached" in read
        folder.chmod(0o700)
        assert all(check.ok for check in verify(log))
    finally:
        folder.chmod(0o700)
        shutil.rmtree(folder)
