"""What is dear in every test and proves nothing there: made cheap for the length of a run.

Argon2 is meant to be dear: a log-in takes a tenth of a second of two cores. Tests of passwords themselves take
`dear_passwords` back. Each test has an application of its own, and the routes and templates of all are the same:
what Werkzeug and Jinja compile of them is kept.
"""

from typing import Any

import jinja2
import pytest
from argon2 import PasswordHasher
from flask import Flask
from jinja2.bccache import Bucket
from werkzeug.routing import Rule

from underwriting.platform import passwords

_DEAR = passwords._hasher, passwords._NOBODYS_HASH
_CHEAP = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
_COMPILED = ("_parts", "_trace", "_converters", "arguments", "_build", "_build_unknown")


def cheap_passwords(patch: pytest.MonkeyPatch) -> None:
    """Keep passwords by Argon2 with the smallest parameters that it knows, as long as *patch* lasts."""
    _keep_by(patch, _CHEAP, _CHEAP.hash("nobody's"))


def dear_passwords(patch: pytest.MonkeyPatch) -> None:
    """Keep passwords as in production, as long as *patch* lasts."""
    _keep_by(patch, *_DEAR)


def remembered_routes(patch: pytest.MonkeyPatch) -> None:
    """Let every application after the first take over what was compiled for the same routes."""
    compiled: dict[tuple[object, ...], dict[str, Any]] = {}
    compile_anew = Rule.compile

    def compile_once(rule: Rule) -> None:
        key = rule.rule, rule.subdomain, rule.host, rule.merge_slashes
        if rule.defaults or key not in compiled:
            compile_anew(rule)
        if rule.defaults:  # they are part of what is compiled
            return
        if key not in compiled:
            compiled[key] = {name: getattr(rule, name) for name in _COMPILED}
            return
        vars(rule).update(compiled[key])
        rule._build = rule._build.__func__.__get__(rule)  # type: ignore[attr-defined]
        rule._build_unknown = rule._build_unknown.__func__.__get__(rule)  # type: ignore[attr-defined]

    patch.setattr(Rule, "compile", compile_once)


class _CompiledTemplates(jinja2.BytecodeCache):
    def __init__(self) -> None:
        self._compiled: dict[tuple[str, str], bytes] = {}

    def load_bytecode(self, bucket: Bucket) -> None:
        found = self._compiled.get((bucket.key, bucket.checksum))
        if found is not None:
            bucket.bytecode_from_string(found)

    def dump_bytecode(self, bucket: Bucket) -> None:
        self._compiled[bucket.key, bucket.checksum] = bucket.bytecode_to_string()


def remembered_templates(patch: pytest.MonkeyPatch) -> None:
    """Let every application after the first take over what was compiled of the same templates."""
    patch.setitem(Flask.jinja_options, "bytecode_cache", _CompiledTemplates())


def _keep_by(patch: pytest.MonkeyPatch, hasher: PasswordHasher, nobodys: str) -> None:
    patch.setattr(passwords, "_hasher", hasher)
    patch.setattr(passwords, "_NOBODYS_HASH", nobodys)
