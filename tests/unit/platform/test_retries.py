"""A request that the database broke off is carried out again: its sender sees nothing of it."""

import io
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask, request
from psycopg.errors import DeadlockDetected
from sqlalchemy.exc import OperationalError

from underwriting.platform import database as module
from underwriting.platform import retries
from underwriting.platform.database import Database


class Deadlocks:
    """A view that the server breaks off a number of times."""

    def __init__(self, app: Flask, database: Database, *, times: int) -> None:
        self.left, self.read = times, list[Any]()

        @app.post("/things")
        def view() -> str:
            with database.transaction() as session:
                session.execute(sa.text("SELECT 1"))
                self.read.append(request.files["file"].read() if request.files else request.get_json())
                if self.left:
                    self.left -= 1
                    raise OperationalError("", {}, DeadlockDetected())
            return "done"

        retries.register(app, database)


@pytest.fixture
def app(monkeypatch: pytest.MonkeyPatch) -> Flask:
    monkeypatch.setattr(module, "PAUSES_SECONDS", (0.0, 0.0, 0.0))
    return Flask(__name__)


def test_the_same_body_is_read_each_time(app: Flask, database: Database) -> None:
    view = Deadlocks(app, database, times=3)
    answer = app.test_client().post("/things", json={"amount": "1500.00"})
    assert (answer.status_code, answer.text) == (200, "done")
    assert view.read == [{"amount": "1500.00"}] * 4


def test_an_uploaded_file_is_read_from_its_beginning_each_time(app: Flask, database: Database) -> None:
    view = Deadlocks(app, database, times=1)
    answer = app.test_client().post("/things", data={"file": (io.BytesIO(b"01BGMAX"), "bgmax.txt")})
    assert answer.status_code == 200
    assert view.read == [b"01BGMAX"] * 2


def test_it_is_given_up_after_the_third_time_more(app: Flask, database: Database) -> None:
    view = Deadlocks(app, database, times=9)
    app.config["PROPAGATE_EXCEPTIONS"] = False
    assert app.test_client().post("/things", json={}).status_code == 500
    assert len(view.read) == 4
