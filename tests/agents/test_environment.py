"""What processes of ours are told."""

from pathlib import Path

import pytest

from agents.environment import child_environment, read_environment, secret


def test_a_hidden_secret_is_hidden_in_env_too(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Exported, in a file or in `.env`: what started the child knows it, the child does not."""
    (tmp_path / ".env").write_text("MAIL_PASSWORD=dotted\nAUDIT_KEY=kept\n", encoding="utf-8")
    (tmp_path / "file").write_text("filed", encoding="utf-8")
    for exported in ({}, {"MAIL_PASSWORD": "told"}, {"MAIL_PASSWORD_FILE": str(tmp_path / "file")}):
        with monkeypatch.context() as patch:
            for name, value in exported.items():
                patch.setenv(name, value)
            child = child_environment(hidden=["MAIL_PASSWORD"])
            assert secret(read_environment(tmp_path), "MAIL_PASSWORD")
            for name, value in child.items():
                patch.setenv(name, value)
            assert secret(read_environment(tmp_path), "MAIL_PASSWORD") == ""
            assert secret(read_environment(tmp_path), "AUDIT_KEY") == "kept"
