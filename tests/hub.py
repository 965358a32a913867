"""A hub on this machine, with the Hugging Face hub's addresses and headers and every fault of a line."""

import hashlib
import json
import ssl
import sys
import threading
from collections import defaultdict, deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import urlsplit

COMMIT = "1" * 40


def git_sha1(content: bytes) -> str:
    return hashlib.sha1(b"blob %d\0" % len(content) + content, usedforsecurity=False).hexdigest()


def sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


@dataclass
class Asked:
    """A request for a file's bytes."""

    path: str
    range: str | None
    if_range: str | None


Fault = Callable[["Answer", bytes, str], None]
"""Answers in place of the hub, given the file's content and entity tag."""


@dataclass
class Hub:
    """One model. Files in `lfs` are redirected to a content network, as the real hub does.

    `faults` are used up one by one, by file name; "listing" is the description.
    """

    files: dict[str, bytes]
    repository: str = "Systran/faster-whisper-base.en"
    commit: str = COMMIT
    lfs: set[str] = field(default_factory=lambda: {"model.bin"})
    faults: dict[str, deque[Fault]] = field(default_factory=lambda: defaultdict(deque))
    asked: list[Asked] = field(default_factory=list)
    paths: list[str] = field(default_factory=list)
    extra_headers: dict[str, str] = field(default_factory=dict)
    hide_digests: bool = False
    weak_tags: bool = False
    address: str = ""
    released: threading.Event = field(default_factory=threading.Event)

    def fail(self, name: str, *faults: Fault) -> None:
        self.faults[name].extend(faults)

    def asked_for(self, name: str) -> list[Asked]:
        return [asked for asked in self.asked if asked.path.endswith(name)]

    def listing(self) -> dict[str, Any]:
        siblings: list[dict[str, Any]] = []
        for name, content in self.files.items():
            entry: dict[str, Any] = {"rfilename": name, "size": len(content)}
            if not self.hide_digests:
                entry["blobId"] = git_sha1(content)
                if name in self.lfs:
                    entry["lfs"] = {"sha256": sha256(content), "size": len(content), "pointerSize": 134}
            siblings.append(entry)
        return {"id": self.repository, "sha": self.commit, "siblings": siblings, "private": False}


class Answer(BaseHTTPRequestHandler):
    """One connection to the hub."""

    protocol_version = "HTTP/1.1"
    hub: Hub

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base class's name
        pass

    def do_GET(self) -> None:
        hub, path = self.hub, urlsplit(self.path).path
        hub.paths.append(path)
        revisions = {hub.commit, "main"}
        if path.startswith("/api/models/"):
            if path.rpartition("/")[2] not in revisions:
                self.send(404, b"Invalid rev id")
            else:
                self.answer("listing", json.dumps(hub.listing()).encode())
        elif path.startswith(f"/{hub.repository}/resolve/"):
            commit, _, name = path.rpartition("/resolve/")[2].partition("/")
            if commit not in revisions or name not in hub.files:
                self.send(404, b"Entry not found")
            elif name in hub.lfs:
                content = hub.files[name]
                headers = {
                    "X-Repo-Commit": hub.commit,
                    "X-Linked-Etag": f'"{sha256(content)}"',
                    "X-Linked-Size": str(len(content)),
                    "Location": f"/cdn/{name}?signature=abc",
                }
                self.send(302, b"Found", {**headers, **hub.extra_headers})
            else:
                self.answer(name, hub.files[name])
        elif path.startswith("/cdn/"):
            name = path.removeprefix("/cdn/")
            self.answer(name, hub.files[name])
        else:
            self.send(404, b"")

    def answer(self, name: str, content: bytes) -> None:
        hub = self.hub
        hub.asked.append(Asked(self.path, self.headers["Range"], self.headers["If-Range"]))
        tag = f'{"W/" if hub.weak_tags else ""}"{sha256(content)[:16]}"'
        if hub.faults[name]:
            hub.faults[name].popleft()(self, content, tag)
            return
        given = self.headers["Range"]
        if given and self.headers["If-Range"] in {None, tag}:
            start = int(given.removeprefix("bytes=").rstrip("-"))
            part = content[start:]
            span = f"bytes {start}-{len(content) - 1}/{len(content)}"
            self.send(206, part, {"ETag": tag, "Content-Range": span})
        else:
            self.send(200, content, {"ETag": tag})

    def send(self, status: int, body: bytes, headers: dict[str, str] | None = None) -> None:
        self.head(status, {"Content-Length": str(len(body)), **(headers or {})})
        self.wfile.write(body)

    def head(self, status: int, headers: dict[str, str]) -> None:
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.end_headers()


def status(code: int, **headers: str) -> Fault:
    """Answers with a status and nothing else."""

    def fault(answer: Answer, content: bytes, tag: str) -> None:
        answer.send(code, b"", {name.replace("_", "-"): value for name, value in headers.items()})

    return fault


def cut_after(count: int) -> Fault:
    """Announces all of the file and hangs up after `count` bytes."""

    def fault(answer: Answer, content: bytes, tag: str) -> None:
        answer.head(200, {"Content-Length": str(len(content)), "ETag": tag})
        answer.wfile.write(content[:count])
        answer.close_connection = True

    return fault


def stall_after(count: int) -> Fault:
    """Announces all of the file and sends no more after `count` bytes."""

    def fault(answer: Answer, content: bytes, tag: str) -> None:
        answer.head(200, {"Content-Length": str(len(content)), "ETag": tag})
        answer.wfile.write(content[:count])
        answer.wfile.flush()
        answer.hub.released.wait(30)
        answer.close_connection = True

    return fault


def silent(answer: Answer, content: bytes, tag: str) -> None:
    """Takes the request and never answers."""
    answer.hub.released.wait(30)
    answer.close_connection = True


def swapped(answer: Answer, content: bytes, tag: str) -> None:
    """Sends as many bytes, of which one is another."""
    answer.send(200, content[:-1] + bytes([content[-1] ^ 1]), {"ETag": tag})


def short(answer: Answer, content: bytes, tag: str) -> None:
    """Sends less, and announces just that."""
    answer.send(200, content[:-10], {"ETag": tag})


def too_long(answer: Answer, content: bytes, tag: str) -> None:
    """Sends more, and announces just that."""
    answer.send(200, content + b"more", {"ETag": tag})


def whole(answer: Answer, content: bytes, tag: str) -> None:
    """Ignores what part was asked for."""
    answer.send(200, content, {"ETag": tag})


def wrong_range(answer: Answer, content: bytes, tag: str) -> None:
    """Sends another part than was asked for."""
    answer.send(206, content[1:], {"Content-Range": f"bytes 1-{len(content) - 1}/{len(content)}"})


def says(body: bytes) -> Fault:
    """Answers with something else altogether."""

    def fault(answer: Answer, content: bytes, tag: str) -> None:
        answer.send(200, body)

    return fault


def redirects_to(location: str) -> Fault:
    def fault(answer: Answer, content: bytes, tag: str) -> None:
        answer.send(302, b"", {"Location": location})

    return fault


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that went away is what many tests are about."""
        if not isinstance(sys.exception(), ConnectionError | ssl.SSLError):
            super().handle_error(request, client_address)


@contextmanager
def serving(hub: Hub, wrap: Callable[[ThreadingHTTPServer], None] = lambda _: None) -> Iterator[Hub]:
    """The hub on a free port of this machine; `wrap` may put its socket under TLS."""
    handler = type("BoundAnswer", (Answer,), {"hub": hub})
    with _Server(("127.0.0.1", 0), handler) as server:
        wrap(server)
        hub.address = f"http://127.0.0.1:{server.server_port}"
        thread = threading.Thread(target=server.serve_forever, args=(0.02,), name="hub")
        thread.start()
        try:
            yield hub
        finally:
            hub.released.set()
            server.shutdown()
            thread.join()
