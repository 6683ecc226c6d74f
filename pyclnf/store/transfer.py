"""One file over HTTPS: resumed where a connection broke, verified before it counts.

Python's own ``urllib`` does it: what is needed beyond it (resuming, verifying) is needed beyond the
usual libraries too.
"""

from __future__ import annotations

import http.client
import ssl
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from pathlib import Path
from urllib.parse import urlsplit

from pyclnf.store.errors import StoreError

__all__ = ["PAUSE", "fetch"]

PAUSE = 0.5
"""Seconds before the second attempt; doubled for each that follows."""

_ATTEMPTS = 4
_TIMEOUT = 30.0  # seconds without a byte
_AT_A_TIME = 1 << 16
_LOOPBACK = ("localhost", "127.0.0.1", "::1")
_OTHER_ADDRESS = "--base-url or --manifest names another address"

Verify = Callable[[bytes], bool]
Tell = Callable[[int], None]


def fetch(
    url: str,
    target: Path,
    *,
    limit: int,
    verify: Verify,
    tell: Tell = lambda _: None,
    pause: float = PAUSE,
) -> None:
    """Fetch a file; what an earlier call had fetched of it is not fetched again.

    Parameters
    ----------
    url : str
        HTTPS; HTTP only for a server on this machine.
    target : Path
        Written when all of it is there and verified; until then ``TARGET.part`` grows.
    limit : int
        Bytes beyond which it is certainly another file.
    verify : callable
        Tells whether a content is the right one.
    tell : callable, optional
        Told how many bytes there are, from time to time.
    pause : float
        Seconds before the second attempt.

    Raises
    ------
    StoreError
        If it cannot be had, or is not the right one. What arrived before a connection broke is
        kept; what is wrong is not.
    """
    _check_address(url)
    target.parent.mkdir(parents=True, exist_ok=True)
    part = target.with_name(f"{target.name}.part")
    resumed = part.is_file() and part.stat().st_size > 0
    _receive(url, part, limit, tell, pause)
    if resumed and not verify(part.read_bytes()):
        part.unlink()  # its beginning may have been another version's
        _receive(url, part, limit, tell, pause)
    if not verify(part.read_bytes()):
        part.unlink()
        raise StoreError(
            f"{url}: is not the file expected: its SHA-256 differs. Nothing of it was kept; it may "
            f"be another version, or have been changed on its way. {_OTHER_ADDRESS}"
        )
    part.replace(target)


def _receive(url: str, part: Path, limit: int, tell: Tell, pause: float) -> None:
    """Fetch what is missing, again and again while connections break."""
    failures = 0
    while True:
        before = _size(part)
        try:
            return _request(url, part, limit, tell)
        except urllib.error.HTTPError as error:
            error.close()
            if error.code < 500 and error.code not in (408, 429):
                raise StoreError(_http_problem(url, error)) from error
            problem: Exception = error
        except (OSError, http.client.HTTPException) as error:
            if _is_certificate_error(error):
                raise StoreError(_certificate_problem(url, error)) from error
            problem = error
        failures = 1 if _size(part) > before else failures + 1
        if failures >= _ATTEMPTS:
            raise StoreError(_broken_connection(url, problem, part)) from problem
        time.sleep(pause * 2 ** (failures - 1))


def _request(url: str, part: Path, limit: int, tell: Tell) -> None:
    """Fetch once, from where the last attempt ended."""
    offset = _size(part)
    headers = {"User-Agent": "pyclnf", "Accept-Encoding": "identity"}
    if offset:
        headers["Range"] = f"bytes={offset}-"
    request = urllib.request.Request(url, headers=headers)
    try:
        response = _OPENER.open(request, timeout=_TIMEOUT)
    except urllib.error.HTTPError as error:
        if error.code == http.client.REQUESTED_RANGE_NOT_SATISFIABLE and offset:
            error.close()
            return  # nothing is missing, or the beginning is another file's: the checksum tells
        raise
    with response:
        resumed = response.status == http.client.PARTIAL_CONTENT and _starts_at(response, offset)
        if response.status == http.client.PARTIAL_CONTENT and not resumed:
            part.unlink(missing_ok=True)
            raise ConnectionError("the server sent another range than was asked for")
        _write(response, part, offset if resumed else 0, limit, tell)


def _write(
    response: http.client.HTTPResponse, part: Path, offset: int, limit: int, tell: Tell
) -> None:
    """Write a response's body behind what there is."""
    length = response.headers.get("Content-Length")
    received = 0
    with part.open("ab" if offset else "wb") as file:
        while block := response.read(_AT_A_TIME):
            received += len(block)
            if offset + received > limit:
                file.close()
                part.unlink()
                raise StoreError(
                    f"{response.url}: is larger than the file expected, {limit} bytes at most. "
                    f"{_OTHER_ADDRESS}"
                )
            file.write(block)
            tell(offset + received)
    if length is not None and length.isdigit() and received < int(length):
        raise ConnectionError(f"the connection ended after {received} of {length} bytes")


class _SecureRedirects(urllib.request.HTTPRedirectHandler):
    """Follows no redirection that leaves HTTPS."""

    def redirect_request(
        self,
        req: urllib.request.Request,
        fp: object,
        code: int,
        msg: str,
        headers: http.client.HTTPMessage,
        newurl: str,
    ) -> urllib.request.Request | None:
        """Check the address that a server redirects to."""
        _check_address(newurl)
        return super().redirect_request(req, fp, code, msg, headers, newurl)  # type: ignore[arg-type]


_OPENER = urllib.request.build_opener(_SecureRedirects)


def _check_address(url: str) -> None:
    """Raise unless an address is of HTTPS, or of this machine."""
    parts = urlsplit(url)
    if parts.scheme == "https" or (parts.scheme == "http" and parts.hostname in _LOOPBACK):
        return
    raise StoreError(f"{url}: files are fetched over HTTPS only")


def _starts_at(response: http.client.HTTPResponse, offset: int) -> bool:
    """Tell whether a partial response starts where was asked for."""
    return str(response.headers.get("Content-Range", "")).startswith(f"bytes {offset}-")


def _size(part: Path) -> int:
    """Return the bytes there are."""
    return part.stat().st_size if part.is_file() else 0


def _http_problem(url: str, error: urllib.error.HTTPError) -> str:
    """Return what a server's refusal means."""
    if error.code in (404, 410):
        return f"{url}: the server has no such file ({error.code}). {_OTHER_ADDRESS}"
    return f"{url}: the server answers {error.code} {error.reason}. {_OTHER_ADDRESS}"


def _broken_connection(url: str, problem: Exception, part: Path) -> str:
    """Return what to do where a connection breaks, or never comes about."""
    reason = getattr(problem, "reason", problem)
    if isinstance(reason, OSError) and reason.strerror:
        reason = reason.strerror
    if _size(part):
        return f"{url}: {reason}. What has arrived is kept: try again to go on from there"
    return (
        f"{url}: cannot be fetched: {reason}. Is there a network? Try again to go on, or get "
        f"OpenFace by other means and use 'pyclnf model install'"
    )


def _is_certificate_error(error: Exception) -> bool:
    """Tell whether a connection failed for its certificate, which trying again does not mend."""
    reason = getattr(error, "reason", error)
    return isinstance(reason, ssl.SSLCertVerificationError)


def _certificate_problem(url: str, error: Exception) -> str:
    """Return what to do about a certificate."""
    return (
        f"{url}: {error}. Python does not trust this server's certificate: let SSL_CERT_FILE name "
        f"your certificates, or fetch OpenFace by other means and use 'model install'"
    )
