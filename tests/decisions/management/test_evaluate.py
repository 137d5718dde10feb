"""The command: one object on standard output, or one line per fault on standard error."""

import io
import json

import pytest
from django.core.management import CommandError, call_command

from ..questions import changed, example


def run(capsys, monkeypatch, text, *more):
    raw = text if isinstance(text, bytes) else text.encode()
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(raw)))
    try:
        call_command("evaluate", "-", *more)
    except SystemExit as end:
        return end.code, capsys.readouterr()
    return 0, capsys.readouterr()


def test_command_prints_one_object(capsys, monkeypatch):
    code, printed = run(capsys, monkeypatch, json.dumps(example()))
    assert code == 0
    assert json.loads(printed.out)["ranking"][0] == "B"
    assert printed.err == ""


def test_command_names_each_fault(capsys, monkeypatch):
    raw = changed("options.2.price_per_gpu_hour", -1, changed("currency", "EURO"))
    code, printed = run(capsys, monkeypatch, json.dumps(raw))
    assert code == 2
    assert printed.out == ""
    assert "options[2].price_per_gpu_hour: must be positive, got -1\n" in printed.err
    assert printed.err.count("\n") == 2


@pytest.mark.parametrize("text", ["{", "[1]", '{"a": NaN}', b"\xff\xfe", "[" * 100_000])
def test_command_refuses(capsys, monkeypatch, text):
    code, printed = run(capsys, monkeypatch, text)
    assert code == 2
    assert printed.err.count("\n") == 1


def test_command_names_a_file_that_is_not_there(capsys):
    with pytest.raises(SystemExit) as end:
        call_command("evaluate", "nowhere.json")
    assert end.value.code == 2
    assert "cannot read nowhere.json: No such file or directory" in capsys.readouterr().err


@pytest.mark.parametrize("draws", ["-5", "many", "100001", "9" * 5000, "1.5"])
def test_command_refuses_draws_in_one_short_line(draws):
    with pytest.raises(CommandError, match="must be a whole number from 0 to 100,000") as refused:
        call_command("evaluate", "-", f"--draws={draws}")
    assert len(str(refused.value)) < 200
