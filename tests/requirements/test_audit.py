"""Nothing heard is not nothing known."""

from typing import Any

from requirements.audit import KNOWN, UNCHECKED, locks, read
from requirements.stamp import LOCKS

SKIPPED = {"name": "bolt", "skip_reason": "Dependency not found on PyPI"}
SOUND: dict[str, Any] = {"name": "anvil", "version": "1.0", "vulns": []}
ILL = {
    "name": "rope",
    "version": "0.1",
    "vulns": [{"id": "PYSEC-1", "fix_versions": ["0.2", "0.3"]}],
}


def said(*dependencies: dict[str, Any]) -> tuple[str, int]:
    """The lines and the exit code for these answers, a lock each."""
    found = read(iter([{"dependencies": [one]} for one in dependencies]))
    return "\n".join(found.lines()), found.exit_code


def test_a_source_that_knows_nothing_is_no_clean_bill() -> None:
    """pip-audit ends with 0 and "No known vulnerabilities found" then."""
    lines, code = said(SKIPPED)
    assert "none of 1 packages was checked" in lines
    assert code == UNCHECKED
    lines, code = said(SOUND, SKIPPED)
    assert "Not checked, nothing was heard of them: bolt." in lines
    assert code == UNCHECKED


def test_what_is_known_is_told_with_what_mends_it() -> None:
    """Once, although several locks have it."""
    lines, code = said(SOUND, ILL, ILL)
    assert lines == (
        "rope 0.1: PYSEC-1, mended in 0.2, 0.3.\n"
        "2 of 2 packages checked, 1 with a known vulnerability."
    )
    assert code == KNOWN
    assert said(SOUND) == ("1 of 1 packages checked, 0 with a known vulnerability.", 0)


def test_every_lock_is_looked_through() -> None:
    """The extras', too."""
    assert LOCKS / "run.txt" in locks()
    assert LOCKS / "extras" / "litellm.txt" in locks()
