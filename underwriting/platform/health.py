"""`/healthz`: the process answers. `/readyz`: what it depends on answers too."""

import sqlalchemy as sa
from flask import Flask, jsonify
from flask.typing import ResponseReturnValue

from underwriting.platform.runtime import Runtime


def register(app: Flask, runtime: Runtime) -> None:
    """Add both views; they say nothing about how we are built."""

    @app.get("/healthz")
    def alive() -> ResponseReturnValue:
        return jsonify(status="ok")

    @app.get("/readyz")
    def ready() -> ResponseReturnValue:
        try:
            with runtime.database.engine.connect() as connection:
                connection.execute(sa.text("SELECT 1 FROM alembic_version"))
        except sa.exc.SQLAlchemyError:
            return jsonify(status="unavailable", database="unavailable"), 503
        return jsonify(status="ok", database="ok")
