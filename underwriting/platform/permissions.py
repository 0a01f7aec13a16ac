"""Who may do what: one table of every call, read before each request (rule D8 and what the caller owns are finer).

A call that does not stand here is refused to everybody. What the table cannot tell, whether a thing is the caller's,
the services do: a thing that is not yours answers 404. The table itself answers 401 to whoever is not known in any of
the ways that the call takes, and 403 to staff whose role and to machine clients whose scopes do not permit it.
"""

from flask import Flask, request

from underwriting.kernel.errors import LoginRequired, NotFound
from underwriting.platform.access_rights import Access
from underwriting.platform.authentication import Caller, RoleMissing, ScopeMissing, current_caller
from underwriting.platform.permission_table import TABLE

__all__ = ["TABLE", "Access", "may", "register", "require"]


def register(app: Flask) -> None:
    """Refuse every request that the table does not permit, before its view is reached."""

    @app.before_request
    def check() -> None:
        if request.endpoint is not None:  # else there is no such address, which is answered so
            require(request.endpoint, current_caller())

    @app.context_processor
    def offered() -> dict[str, object]:
        return {"may": lambda endpoint: may(endpoint, current_caller())}


def may(endpoint: str, caller: Caller) -> bool:
    """Whether *caller* may make the call: what a page offers."""
    access = TABLE.get(endpoint)
    return access is not None and access.admits(caller)


def require(endpoint: str, caller: Caller) -> None:
    """Raise LoginRequired, RoleMissing or ScopeMissing unless *caller* may make the call; NotFound where nobody may."""
    access = TABLE.get(endpoint)
    if access is None:
        raise NotFound
    if access.admits(caller):
        return
    if caller.client_id is not None:
        raise ScopeMissing
    raise RoleMissing if caller.is_staff and access.roles else LoginRequired
