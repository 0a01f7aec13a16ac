"""A SOAP service that is made from a WSDL alone: it knows what that file says, and nothing of our client.

1. A question is a POST with the media type of its version of SOAP and the `soapAction` of one operation.
2. Its envelope has one body with one element: the operation's, valid by the WSDL's schema.
3. The answer is built from the schema, declaration by declaration, and is valid by it before it goes out.
4. A GET with `?wsdl` gives the file.
Whatever breaks 1 or 2 is kept in `violations` and answered with a fault that blames the caller.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from copy import deepcopy
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

from lxml import etree
from werkzeug.serving import make_server
from werkzeug.wrappers import Request, Response

from tests.support.serving import serving

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment

WSDL = "{http://schemas.xmlsoap.org/wsdl/}"
XS = "{http://www.w3.org/2001/XMLSchema}"
BINDINGS = {
    "{http://schemas.xmlsoap.org/wsdl/soap/}": ("http://schemas.xmlsoap.org/soap/envelope/", "text/xml"),
    "{http://schemas.xmlsoap.org/wsdl/soap12/}": ("http://www.w3.org/2003/05/soap-envelope", "application/soap+xml"),
}
"""By the namespace of a binding: the namespace of its envelope, and its media type."""

Contents: TypeAlias = Mapping[str, Any]
"""What an element holds by the names of its children: text, None (left out), contents, or a sequence of these."""


@dataclass(frozen=True)
class Operation:
    """One operation of one port: what it is called on the wire, and its elements (`{namespace}name`)."""

    name: str
    action: str
    envelope: str
    media_type: str
    asked: str
    answered: str


@dataclass(frozen=True)
class Asked:
    """One question that kept to the WSDL: its operation, and the text of every element by its path below the root."""

    operation: str
    texts: Mapping[str, str]


class Description:
    """What one WSDL says."""

    def __init__(self, path: Path) -> None:
        self.document = path.read_bytes()
        self._root = etree.fromstring(self.document)
        schema = self._root.find(f"{WSDL}types/{XS}schema")
        assert schema is not None
        self._schema = schema
        self.namespace = str(schema.get("targetNamespace"))
        self.operations = tuple(self._operations())
        self.addresses = frozenset(
            str(address.get("location"))
            for address in self._root.iter()
            if isinstance(address.tag, str) and address.tag.endswith("}address")
        )
        self._validator = etree.XMLSchema(_closed(schema))

    def violation(self, element: etree._Element) -> str | None:
        """What is wrong with *element* by the schema."""
        if self._validator.validate(etree.ElementTree(deepcopy(element))):
            return None
        return str(self._validator.error_log)

    def instance(self, name: str, contents: Contents) -> etree._Element:
        """The element `{namespace}name` with all that the schema declares, filled by *contents* where those speak.

        ValueError for contents that no declaration takes.
        """
        element = self._built(self._declared(name), contents)
        if (wrong := self.violation(element)) is not None:
            raise ValueError(wrong)
        return element

    def optional_paths(self, name: str) -> Iterator[tuple[str, ...]]:
        """The path of every element below `{namespace}name` that the schema lets be left out, outermost first."""
        yield from self._optional(self._declared(name), ())

    def _operations(self) -> Iterable[Operation]:
        messages = {
            str(message.get("name")): self._qualified(message.find(f"{WSDL}part"), "element")
            for message in self._root.iterfind(f"{WSDL}message")
        }
        ported = {
            (str(port.get("name")), str(operation.get("name"))): tuple(
                messages[str(_found(operation, f"{WSDL}{way}").get("message")).rpartition(":")[2]]
                for way in ("input", "output")
            )
            for port in self._root.iterfind(f"{WSDL}portType")
            for operation in port.iterfind(f"{WSDL}operation")
        }
        for binding in self._root.iterfind(f"{WSDL}binding"):
            port = str(binding.get("type")).rpartition(":")[2]
            for soap, (envelope, media_type) in BINDINGS.items():
                if binding.find(f"{soap}binding") is None:
                    continue
                for operation in binding.iterfind(f"{WSDL}operation"):
                    name = str(operation.get("name"))
                    action = str(_found(operation, f"{soap}operation").get("soapAction"))
                    asked, answered = ported[port, name]
                    yield Operation(name, action, envelope, media_type, asked, answered)

    def _qualified(self, element: etree._Element | None, attribute: str) -> str:
        assert element is not None
        prefix, _, local = str(element.get(attribute)).rpartition(":")
        return f"{{{element.nsmap[prefix or None]}}}{local}"

    def _declared(self, name: str) -> etree._Element:
        return _found(self._schema, f"{XS}element[@name='{etree.QName(name).localname}']")

    def _children(self, declaration: etree._Element) -> Sequence[etree._Element]:
        """The declarations inside one of an element; none for a simple type."""
        complex_type = declaration.find(f"{XS}complexType")
        if complex_type is None:
            name = str(declaration.get("type")).rpartition(":")[2]
            complex_type = self._schema.find(f"{XS}complexType[@name='{name}']")
        if complex_type is None:
            return ()
        return [child for child in _found(complex_type, f"{XS}sequence") if isinstance(child.tag, str)]

    def _built(self, declaration: etree._Element, contents: Any) -> etree._Element:
        element = etree.Element(f"{{{self.namespace}}}{declaration.get('name')}")
        children = self._children(declaration)
        if not children:
            element.text = self._text(declaration) if contents is ... else str(contents)
            return element
        named = {} if contents is ... else dict(contents)
        for child in children:
            if child.tag == f"{XS}any" or child.get("ref") is not None:
                element.extend(deepcopy(named.pop("#any", ())))
                continue
            given = named.pop(str(child.get("name")), ...)
            if given is None:
                continue
            many = isinstance(given, Sequence) and not isinstance(given, str)
            element.extend([self._built(child, each) for each in (given if many else (given,))])
        if named.keys() - {"#any"}:
            raise ValueError(f"no element is called {sorted(named)[0]}")
        return element

    def _text(self, declaration: etree._Element) -> str:
        """A text that the declaration's simple type takes."""
        name = str(declaration.get("type")).rpartition(":")[2]
        first = self._schema.find(f"{XS}simpleType[@name='{name}']/{XS}restriction/{XS}enumeration")
        if first is not None:
            return str(first.get("value"))
        return {"boolean": "false"}.get(name, f"text of {declaration.get('name')}")

    def _optional(self, declaration: etree._Element, above: tuple[str, ...]) -> Iterator[tuple[str, ...]]:
        for child in self._children(declaration):
            if child.get("name") is None:
                continue
            path = (*above, str(child.get("name")))
            if child.get("minOccurs") == "0":
                yield path
            yield from self._optional(child, path)


@dataclass
class WsdlService:
    """The service as a WSGI application; *answer* says what the elements of an answer hold."""

    description: Description
    answer: Callable[[Asked], Contents]
    asked: list[Asked] = field(default_factory=list)
    violations: list[str] = field(default_factory=list)

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        return self._response(Request(environ))(environ, start_response)

    def _response(self, request: Request) -> Response:
        if request.method == "GET" and "wsdl" in request.args:
            return Response(self.description.document, content_type="text/xml; charset=utf-8")
        try:
            operation, element = self._read(request)
        except ValueError as violation:
            self.violations.append(str(violation))
            return _fault(str(violation))
        texts = dict(_texts(element, ()))
        asked = Asked(operation.name, texts)
        self.asked.append(asked)
        body = self.description.instance(operation.answered, self.answer(asked))
        return Response(_enveloped(operation.envelope, body), content_type=f"{operation.media_type}; charset=utf-8")

    def _read(self, request: Request) -> tuple[Operation, etree._Element]:
        if request.method != "POST":
            raise ValueError(f"{request.method} is no question")
        action = request.headers.get("SOAPAction", request.mimetype_params.get("action", "")).strip('"')
        called = [
            operation
            for operation in self.description.operations
            if (operation.action, operation.media_type) == (action, request.mimetype)
        ]
        if not called:
            raise ValueError(f"no operation {action!r} takes {request.mimetype!r}")
        (operation,) = called
        root = etree.fromstring(request.get_data(), etree.XMLParser(resolve_entities=False, no_network=True))
        if root.tag != f"{{{operation.envelope}}}Envelope":
            raise ValueError(f"{root.tag} is no envelope")
        body = root.find(f"{{{operation.envelope}}}Body")
        if body is None or [str(child.tag) for child in body] != [operation.asked]:
            raise ValueError(f"the body does not hold one {operation.asked}")
        if (wrong := self.description.violation(body[0])) is not None:
            raise ValueError(wrong)
        return operation, body[0]


@contextmanager
def answering(service: WsdlService) -> Iterator[str]:
    """The address of *service* on loopback while the block runs."""
    server = make_server("127.0.0.1", 0, service, threaded=True)
    with serving(server):
        yield f"http://127.0.0.1:{server.server_port}/service.asmx"
    server.server_close()


def _closed(schema: etree._Element) -> etree._Element:
    """The schema on its own: `xs:schema` is declared nowhere in the file, and what is beside it has no declaration."""
    schema = etree.fromstring(etree.tostring(schema))
    for reference in schema.findall(f".//{XS}element[@ref]"):
        sequence = reference.getparent()
        assert sequence is not None
        beside = _found(sequence, f"{XS}any")
        sequence.remove(reference)
        beside.attrib.update({"minOccurs": "2", "maxOccurs": "2", "processContents": "skip"})
    return schema


def _texts(element: etree._Element, above: tuple[str, ...]) -> Iterator[tuple[str, str]]:
    for child in element:
        path = (*above, etree.QName(child).localname)
        yield from _texts(child, path) if len(child) else [("/".join(path), child.text or "")]


def _found(element: etree._Element, path: str) -> etree._Element:
    found = element.find(path)
    assert found is not None, path
    return found


def _enveloped(namespace: str, content: etree._Element) -> bytes:
    envelope = etree.Element(f"{{{namespace}}}Envelope", nsmap={"soap": namespace})
    etree.SubElement(envelope, f"{{{namespace}}}Body").append(content)
    return etree.tostring(envelope, xml_declaration=True, encoding="utf-8")


def _fault(reason: str) -> Response:
    namespace = "http://schemas.xmlsoap.org/soap/envelope/"
    fault = etree.Element(f"{{{namespace}}}Fault")
    etree.SubElement(fault, "faultcode").text = "soap:Client"
    etree.SubElement(fault, "faultstring").text = reason
    return Response(_enveloped(namespace, fault), status=500, content_type="text/xml; charset=utf-8")
