"""One broken thing among many: told in the log by its id, and the others go on."""

from tests.support.log_lines import log_lines
from underwriting.platform.batches import each_alone


def test_what_fails_with_one_does_not_stop_the_others() -> None:
    seen = []

    def work(thing: int) -> bool:
        if thing == 2:
            raise ValueError("199908072391")
        seen.append(thing)
        return thing != 3

    with log_lines() as logged:
        assert each_alone([1, 2, 3, 4], work, named=lambda thing: f"thing-{thing}") == 2  # 1 and 4
    assert seen == [1, 3, 4]
    assert '"id": "thing-2"' in logged.getvalue()
    assert "199908072391" not in logged.getvalue()
