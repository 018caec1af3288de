"""Who has which listener number, and their ratings on disk."""

import json
import threading
import time
from collections.abc import Callable
from http import HTTPStatus
from pathlib import Path
from typing import Any

from svstoolkit.data.files import write_json
from svstoolkit.errors import InputError
from svstoolkit.evaluation.listening.key import RATINGS, Key, read_key
from svstoolkit.evaluation.listening.ratings import TOKEN, parse

MOST_WORDS = 2000  # characters of a comment that are kept


class Refused(Exception):
    """A request that cannot be granted: status and reason."""

    def __init__(self, status: HTTPStatus, reason: str):
        super().__init__(reason)
        self.status = status


class Register:
    """Who has which listener number, in `ratings/`; one file a number, `0007.json`.

    Numbers are given out in turn. Once all are out, those of listeners who did not answer a single trial within
    `patience` seconds are given out again, since every number is needed for the balance.
    """

    def __init__(self, folder: Path, patience: float = 3600.0, now: Callable[[], float] = time.time):
        self.key: Key = read_key(folder)
        self.folder = folder / RATINGS
        self.claims_file = folder / "claims.json"
        self.patience = patience
        self.now = now
        self.lock = threading.Lock()
        self.folder.mkdir(exist_ok=True)
        try:
            stored = json.loads(self.claims_file.read_text(encoding="utf-8")) if self.claims_file.is_file() else {}
            self.claims = {int(n): (str(c["token"]), float(c["time"])) for n, c in stored.items()}
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise InputError(f"{self.claims_file}: not a record of listener numbers ({error!r}); remove it") from error

    def file(self, number: int) -> Path:
        return self.folder / f"{number:04d}.json"

    def join(self, content: Any) -> int:
        """A listener number: the one the token has, else the wanted one, else the next.

        Raises:
            Refused: another test, a malformed token, a number that is taken, or none left.
        """
        if not isinstance(content, dict) or content.get("test") != self.key.test:
            raise Refused(HTTPStatus.CONFLICT, "This page belongs to another test; please reload it.")
        token, wanted = content.get("token"), content.get("wanted")
        if not isinstance(token, str) or not TOKEN.fullmatch(token):
            raise Refused(HTTPStatus.BAD_REQUEST, "malformed token")
        with self.lock:
            known = [n for n, (owner, _) in self.claims.items() if owner == token]
            number = known[0] if known else self._free(wanted)
            self.claims[number] = (token, self.now())
            write_json(self.claims_file, {n: {"token": t, "time": s} for n, (t, s) in sorted(self.claims.items())})
            return number

    def _free(self, wanted: Any) -> int:
        numbers = range(1, len(self.key.sessions) + 1)
        if wanted is not None:
            if not isinstance(wanted, int) or isinstance(wanted, bool) or wanted not in numbers:
                raise Refused(HTTPStatus.BAD_REQUEST, f"There are only the listener numbers 1 to {len(numbers)}.")
            if wanted in self.claims and not self._abandoned(wanted):
                raise Refused(HTTPStatus.CONFLICT, "Somebody else has this listener number already.")
            return wanted
        free = [n for n in numbers if n not in self.claims and not self.file(n).exists()]
        free = free or [n for n in numbers if self._abandoned(n)]
        if not free:
            raise Refused(HTTPStatus.SERVICE_UNAVAILABLE, "All places in this test are taken. Thank you for coming!")
        return free[0]

    def _abandoned(self, number: int) -> bool:
        if self.file(number).exists() or number not in self.claims:
            return False
        return self.now() - self.claims[number][1] > self.patience

    def save(self, content: Any) -> None:
        """Keeps a listener's ratings so far, in place of the earlier ones.

        Raises:
            Refused: they are not this test's, not well formed, not of the number's owner, or fewer than before.
        """
        try:
            listener, problems = parse(content, self.key)
        except ValueError as error:
            raise Refused(HTTPStatus.BAD_REQUEST, f"what was sent {error}") from error
        if problems:
            raise Refused(HTTPStatus.BAD_REQUEST, problems[0].reason)
        with self.lock:
            owner, _ = self.claims.get(listener.session, (None, 0))
            if owner != listener.token:
                raise Refused(HTTPStatus.CONFLICT, "Somebody else has this listener number.")
            file = self.file(listener.session)
            before = json.loads(file.read_text(encoding="utf-8")) if file.exists() else {"answers": []}
            if before.get("token", owner) != owner or len(before["answers"]) > len(listener.answers):
                raise Refused(HTTPStatus.CONFLICT, "There are later ratings of this listener already.")
            content["comment"] = str(content.get("comment") or "")[:MOST_WORDS]
            write_json(file, content)
