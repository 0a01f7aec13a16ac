"""Where a link may lead: to a path of this service and nowhere else."""

import pytest

from underwriting.web.layout import own_path


@pytest.mark.parametrize(
    "target", ["/", "/my", "/agreements/1?on=2026-03-02#redeem", "/å", "/a//b", "/a?next=https://x"]
)
def test_a_path_of_this_service_is_kept(target: str) -> None:
    assert own_path(target) == target


@pytest.mark.parametrize(
    "target",
    [
        "",
        "my",
        "https://evil.example/",
        "//evil.example/",
        "/\\evil.example/",
        "/\t/evil.example/",
        "///evil.example/",
        "javascript:alert(1)",
        "//[",
        "http://[::1",
        "/\r\nSet-Cookie: a=b",
        "/\x00",
        "\t//evil.example",
    ],
)
def test_whatever_else_leads_to_the_start_page(target: str) -> None:
    assert own_path(target) == "/"
