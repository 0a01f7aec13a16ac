"""The processes of a loan's road, each of which may be killed: the web service, the worker, the bank and BankID.

python -m tests.support.road_processes web|worker|bank|bankid PLACE, a JSON object that `tests.support.road` writes

The web service is gunicorn with the product's own kind of worker, and jobs are ticked by the product's own scheduler,
faster than by the day. A *death* in PLACE has the first process that comes to a commit of its step kill itself there.
"""

import json
import logging
import os
import signal
import sys
import threading
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from flask import Flask, Response, request
from gunicorn.app.base import BaseApplication
from werkzeug.serving import WSGIRequestHandler, make_server

from agreements.payouts.sandbox.bank import bank
from agreements.signing.sandbox.stand_in import make_bankid, make_relying_party_server
from tests.support.shared_clock import SharedClock
from underwriting.app import create_app
from underwriting.house import House, house_of
from underwriting.jobs import jobs_of
from underwriting.kernel.identifiers import Bankgiro
from underwriting.platform import logs, scheduler
from underwriting.platform.data_keys import cipher_of
from underwriting.platform.database import Database
from underwriting.platform.runtime import Runtime
from underwriting.platform.settings import Settings

TICK_SECONDS = 0.1
SIGNED_FILE = "signed.jsonl"
"""What BankID's app has signed, by line: the order's token and the instant."""
NAME_AT_THE_SERVER = "road"
"""What PostgreSQL knows the connections of these processes by."""
DEATH_FILE = "died"
"""Is there once a process has died its planned death."""

Place = Mapping[str, Any]


def main(kind: str, place: Place) -> None:
    """Run until killed."""
    log = os.open(Path(place["folder"]) / f"{kind}.log", os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    for standard in (1, 2):
        os.dup2(log, standard)
    os.environ["PGAPPNAME"] = NAME_AT_THE_SERVER
    logs.configure("WARNING")
    logging.getLogger("apscheduler").setLevel(logging.ERROR)
    {"web": _serve, "worker": _work, "bank": _bank, "bankid": _bankid}[kind](place)


def _house(place: Place) -> House:
    settings = Settings.from_environment(place["environment"])
    database = Database(settings.database_url.reveal())
    if place["death"] is not None:
        _die_at(database, Path(place["folder"]) / DEATH_FILE, *place["death"])
    clock = _clock(place)
    return house_of(Runtime(settings, database, clock, cipher_of(settings, database), wall=clock))


class _Server(BaseApplication):  # type: ignore[misc]  # gunicorn has no types
    def __init__(self, place: Place) -> None:
        self._place = place
        super().__init__()

    def load_config(self) -> None:
        settings = {
            "bind": f"127.0.0.1:{self._place['web']}",
            "workers": 1,
            "threads": 8,
            "worker_class": "underwriting.platform.web_worker.WebWorker",
            "control_socket_disable": True,
            "loglevel": "critical",
        }
        for name, value in settings.items():
            self.cfg.set(name, value)

    def load(self) -> Flask:
        return create_app(_house(self._place))


def _serve(place: Place) -> None:
    _Server(place).run()


def _work(place: Place) -> None:
    jobs = jobs_of(_house(place))
    often = tuple(replace(job, every_seconds=min(job.every_seconds, TICK_SECONDS)) for job in jobs.continuous)
    scheduler.start(replace(jobs, continuous=often))
    signal.pause()


def _bank(place: Place) -> None:
    app = Flask("bank")
    state, bankgiro = Path(place["folder"]) / "bank.sqlite3", Bankgiro(place["bankgiro"])
    app.register_blueprint(bank(state, now=_clock(place).now, token=place["token"], bankgiro=bankgiro))
    make_server("127.0.0.1", place["bank"], app, threaded=True, request_handler=_Quiet).serve_forever()


def _bankid(place: Place) -> None:
    folder, clock = Path(place["folder"]), _clock(place)
    stand_in = make_bankid(Path(place["pki"]), now=clock.now, slow_seconds=0)
    pages = Flask("pages")
    pages.register_blueprint(stand_in.app)

    @pages.after_request
    def note(response: Response) -> Response:
        *_, token, act = request.path.split("/")
        if act == "sign" and response.status_code == 200:
            with (folder / SIGNED_FILE).open("a") as file:
                file.write(json.dumps([token, clock.now().isoformat()]) + "\n")
        return response

    relying_party = make_relying_party_server(stand_in, port=place["bankid"])
    threading.Thread(target=relying_party.serve_forever, daemon=True).start()
    make_server("127.0.0.1", place["app"], pages, threaded=True, request_handler=_Quiet).serve_forever()


def _clock(place: Place) -> SharedClock:
    return SharedClock(Path(place["folder"]) / "clock")


def _die_at(database: Database, note: Path, step: str, before: bool) -> None:
    """Be killed once, *before* or after the commit of what has *step*: an audit action, or how a statement begins."""
    here, dialect = threading.local(), database.engine.dialect
    commit, roll_back = dialect.do_commit, dialect.do_rollback

    def notice(_conn: object, _cursor: object, statement: str, parameters: Any, *_: object) -> None:
        rows = parameters if isinstance(parameters, list) else [parameters]
        said = {value for row in rows if isinstance(row, dict) for value in row.values() if isinstance(value, str)}
        if statement.lstrip().startswith(step) or ("audit_entry" in statement and step in said):
            here.reached = True

    def do_commit(connection: Any) -> None:
        reached, here.reached = getattr(here, "reached", False), False
        if reached and before:
            _die(note)
        commit(connection)
        if reached:
            _die(note)

    def do_rollback(connection: Any) -> None:
        here.reached = False
        roll_back(connection)

    for name, done in (("do_commit", do_commit), ("do_rollback", do_rollback)):
        setattr(dialect, name, done)
    sa.event.listen(database.engine, "before_cursor_execute", notice)


def _die(note: Path) -> None:
    with suppress(FileExistsError):  # that death has been died
        note.touch(exist_ok=False)
        os.kill(os.getpid(), signal.SIGKILL)


class _Quiet(WSGIRequestHandler):
    def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
        """Nobody reads it."""


if __name__ == "__main__":
    main(sys.argv[1], json.loads(sys.argv[2]))
