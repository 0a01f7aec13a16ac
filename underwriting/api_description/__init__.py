"""The HTTP interface, described once: a table of operations, from which OpenAPI and a page for people are made."""

from underwriting.api_description.routes import blueprint

__all__ = ["blueprint"]
