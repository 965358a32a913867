"""HTTP with patience: a file that arrives in pieces, over lines that stall, from servers that err.

docs/models.md says why not `huggingface_hub`. This uses the HTTP client that it is made of, httpx2,
which takes the proxy of the environment and, through truststore, the certificates of the system.
"""

import asyncio
import re
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self, TypeVar
from urllib.parse import urlsplit

from detection.errors import DetectionError
from detection.models.watch import Watch

if TYPE_CHECKING:
    import httpx2

T = TypeVar("T")

_LONGEST_TEXT = 5_000_000
"""Bytes of a description; the hub's are some kilobytes."""

_LONGEST_PAUSE_S = 60.0
_LOOK_S = 0.1
"""How often a running transfer looks whether it was asked to stop."""

_OK, _PARTIAL = 200, 206
_UNWILLING = {401, 403}
_ABSENT = {404, 410}
_UNSATISFIABLE = 416
_PROXY_WANTS_PASSWORD = 407
_FOR_NOW = {408, 425, 429}
_SERVER_FAULT = 500
"""From here on it is the server's fault, which may pass."""
_DIGEST = re.compile(r'^"?([0-9a-f]{64})"?$')
_STRONG_TAG = re.compile(r'^"[^"]+"$')
_RANGE = re.compile(r"^bytes (\d{1,15})-\d+/(\d{1,15})$")
_HERE = {"localhost", "127.0.0.1", "::1"}


@dataclass(frozen=True, slots=True)
class Patience:
    """How long to wait for a server, in seconds, and how often to try in vain before giving up.

    Pauses between attempts double from `first_pause_s`; any byte that arrives counts as success.
    """

    connect_s: float = 15.0
    silence_s: float = 30.0
    attempts: int = 5
    first_pause_s: float = 1.0


PATIENT = Patience()


@dataclass(frozen=True, slots=True)
class Wanted:
    """A file to fetch: what to call it in errors, its address, its bytes, its digest where known."""

    title: str
    url: str
    size: int
    sha256: str | None = None
    commit: str | None = None


class _PassingError(Exception):
    """What went wrong this time, as half a sentence, and after how many seconds to try again."""

    def __init__(self, reason: str, retry_after_s: float | None = None) -> None:
        super().__init__(reason)
        self.retry_after_s = retry_after_s


def run(work: Coroutine[Any, Any, T], watch: Watch) -> T:
    """The result of `work`; asked to stop, it ends within a moment wherever it waits.

    Blocks the calling thread, which must not run an event loop. Raises `StoppedError`.
    """
    return asyncio.run(_watched(work, watch))


async def _watched(work: Coroutine[Any, Any, T], watch: Watch) -> T:
    task = asyncio.ensure_future(work)
    try:
        while not task.done():
            await asyncio.wait({task}, timeout=_LOOK_S)
            if watch.is_stopped:
                task.cancel()
        return task.result()
    except asyncio.CancelledError:
        task.cancel()
        watch.check()
        raise


class Transfer:
    """Fetches descriptions and files through one HTTP client; an asynchronous context manager."""

    def __init__(self, patience: Patience, say: Callable[[str], None]) -> None:
        """`say` is told why nothing moves, and the empty string when it does again."""
        self._patience = patience
        self._say = say

    async def __aenter__(self) -> Self:
        import httpx2

        patience = self._patience
        try:
            self._client = httpx2.AsyncClient(
                timeout=httpx2.Timeout(patience.silence_s, connect=patience.connect_s),
                follow_redirects=True,
                event_hooks={"request": [_refuse_insecure]},
                headers={"User-Agent": "earwitness", "Accept-Encoding": "identity"},
            )
        except (ImportError, ValueError, httpx2.InvalidURL):
            # What is wrong with it is told nowhere, no log included: an address may hold a password.
            raise DetectionError(
                "The proxy set on this machine cannot be used; correct HTTPS_PROXY or ALL_PROXY to an "
                "address such as http://proxy:8080 (SOCKS is not supported)."
            ) from None
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._client.aclose()

    async def text(self, title: str, url: str) -> bytes:
        """A small answer. Raises `DetectionError`."""

        async def attempt() -> bytes:
            answer = bytearray()
            async with self._answer(title, url, {}) as response:
                async for chunk in response.aiter_bytes():
                    answer += chunk
                    if len(answer) > _LONGEST_TEXT:
                        raise DetectionError(
                            f"The description of {title} is far too long; check EARWITNESS_HUB."
                        )
            return bytes(answer)

        return await self._patiently(title, attempt, lambda: 0)

    async def file(
        self, wanted: Wanted, part: Path, tag: Path, on_bytes: Callable[[int], None]
    ) -> str | None:
        """Fetch `wanted` into `part`, going on where an earlier attempt or program left off.

        `on_bytes` is told how many bytes are there whenever that changes. `tag` holds the entity tag of
        what is in `part`: the server sends the rest only if its file is still that one (If-Range,
        RFC 9110), and else everything anew. Returns the SHA-256 that the hub announced on the way, if it
        did; checking it is the caller's. Raises `DetectionError`.
        """

        def arrived() -> int:
            return part.stat().st_size if part.exists() else 0

        async def attempt() -> str | None:
            return await self._fetch(wanted, part, tag, on_bytes)

        return await self._patiently(wanted.title, attempt, arrived)

    async def _fetch(
        self, wanted: Wanted, part: Path, tag: Path, on_bytes: Callable[[int], None]
    ) -> str | None:
        have = part.stat().st_size if part.exists() else 0
        if have > wanted.size:
            part.unlink()
            have = 0
        if have == wanted.size and part.exists():
            on_bytes(have)
            return None
        headers: dict[str, str] = {}
        if have and tag.exists():
            headers = {"Range": f"bytes={have}-", "If-Range": tag.read_text("ascii")}
        async with self._answer(wanted.title, wanted.url, headers) as response:
            announced = _announced(response, wanted)
            if response.status_code == _OK:
                have = 0
                part.write_bytes(b"")
                _note_tag(response, tag)
            elif not (headers and _is_rest(response, have, wanted.size)):
                tag.unlink(missing_ok=True)  # so that the next attempt asks for the whole file
                raise _PassingError("the server gave another part than was asked for")
            with part.open("ab") as file:
                async for chunk in response.aiter_raw():
                    have += len(chunk)
                    if have > wanted.size:
                        file.truncate(0)
                        raise DetectionError(
                            f"{wanted.title} is longer than the {wanted.size} bytes announced, so it is "
                            "not the file that was meant; nothing was installed."
                        )
                    file.write(chunk)
                    self._say("")
                    on_bytes(have)
        if have < wanted.size:
            raise _PassingError(f"only {have} of {wanted.size} bytes came")
        return announced

    async def _patiently(
        self, title: str, attempt: Callable[[], Awaitable[T]], arrived: Callable[[], int]
    ) -> T:
        failed, before = 0, arrived()
        while True:
            try:
                return await attempt()
            except _PassingError as error:
                now = arrived()
                failed, before = (1 if now > before else failed + 1), now
                if failed >= self._patience.attempts:
                    raise DetectionError(
                        f"{title} could not be downloaded: {error}, {failed} times in a row; check the "
                        "connection and try again, it goes on where it stopped."
                    ) from error
                pause = self._patience.first_pause_s * 2 ** (failed - 1)
                pause = min(max(pause, error.retry_after_s or 0.0), _LONGEST_PAUSE_S)
                self._say(f"{error}; trying again in {pause:.0f} s")
                await asyncio.sleep(pause)

    @asynccontextmanager
    async def _answer(
        self, title: str, url: str, headers: dict[str, str]
    ) -> AsyncIterator["httpx2.Response"]:
        """An answer worth reading. Raises `_PassingError` or `DetectionError` for every other."""
        import httpx2

        host = urlsplit(url).hostname or url
        try:
            async with self._client.stream("GET", url, headers=headers) as response:
                _check_status(response, title, host)
                yield response
        except httpx2.TimeoutException as error:
            raise _PassingError(f"{host} did not answer in time") from error
        except httpx2.ProxyError as error:
            raise _proxy_refused(host, str(error)) from error
        except httpx2.TooManyRedirects as error:
            raise DetectionError(
                f"{host} sends in circles instead of to {title}; try again later."
            ) from error
        except httpx2.ConnectError as error:
            if _is_certificate(error):
                raise DetectionError(
                    f"{host} shows a certificate that this machine does not trust; if this network "
                    "inspects connections, add its certificate to the system's or name its file in "
                    "SSL_CERT_FILE."
                ) from error
            raise _PassingError(f"{host} cannot be reached") from error
        except httpx2.RequestError as error:
            raise _PassingError(f"the connection to {host} broke off") from error
        except httpx2.InvalidURL as error:
            raise DetectionError(f"{url} is no address; check EARWITNESS_HUB.") from error


async def _refuse_insecure(request: "httpx2.Request") -> None:
    """Also asked before each redirect is followed."""
    if request.url.scheme != "https" and request.url.host not in _HERE:
        raise DetectionError(
            f"{request.url.host} would send the model unencrypted, so that anyone on the way could swap "
            "it; use an https address or import the model from a folder."
        )


def _check_status(response: "httpx2.Response", title: str, host: str) -> None:
    status = response.status_code
    if status in {_OK, _PARTIAL, _UNSATISFIABLE}:
        return
    if status == _PROXY_WANTS_PASSWORD:
        raise _proxy_refused(host, "it wants a password")
    if status in _FOR_NOW or status >= _SERVER_FAULT:
        raise _PassingError(f"{host} answered {status}", _retry_after(response))
    if status in _ABSENT:
        raise DetectionError(
            f"{host} has no {title}; it was moved or removed there, so choose another model."
        )
    if status in _UNWILLING:
        raise DetectionError(
            f"{host} does not give {title} to this machine (it answered {status}); "
            "download it with a browser and import the folder."
        )
    raise DetectionError(
        f"{host} answered {status} for {title}; check EARWITNESS_HUB or try again later."
    )


def _proxy_refused(host: str, why: str) -> DetectionError:
    return DetectionError(
        f"The proxy set on this machine refused the way to {host} ({why}); "
        "correct HTTPS_PROXY or its password."
    )


def _announced(response: "httpx2.Response", wanted: Wanted) -> str | None:
    """The SHA-256 that the hub gives while it redirects to where the file lies."""
    announced = None
    for answer in (*response.history, response):
        commit = answer.headers.get("x-repo-commit")
        if commit and wanted.commit and commit != wanted.commit:
            raise DetectionError(
                f"The hub gives {wanted.title} of commit {commit[:12]} for {wanted.commit[:12]}; "
                "nothing was installed."
            )
        linked = _DIGEST.match(answer.headers.get("x-linked-etag", ""))
        announced = linked[1] if linked else announced
    if announced and wanted.sha256 and announced != wanted.sha256:
        raise DetectionError(
            f"The hub holds another {wanted.title} than the one that was meant (its SHA-256 differs); "
            "nothing was installed."
        )
    return announced


def _is_rest(response: "httpx2.Response", have: int, size: int) -> bool:
    given = _RANGE.match(response.headers.get("content-range", ""))
    is_partial = response.status_code == _PARTIAL
    return is_partial and given is not None and (int(given[1]), int(given[2])) == (have, size)


def _note_tag(response: "httpx2.Response", path: Path) -> None:
    """Only a strong entity tag proves that two answers are the same bytes."""
    tag = response.headers.get("etag", "")
    if _STRONG_TAG.match(tag) and tag.isascii():
        path.write_text(tag, "ascii")
    else:
        path.unlink(missing_ok=True)


def _retry_after(response: "httpx2.Response") -> float | None:
    given = response.headers.get("retry-after", "")
    return float(given) if given.isdecimal() else None


def _is_certificate(error: BaseException | None) -> bool:
    while error is not None:
        if isinstance(error, ssl.SSLCertVerificationError):
            return True
        error = error.__cause__ or error.__context__
    return False
