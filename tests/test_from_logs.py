"""The same runs in every log give the same forecast; doubtful files are asked about."""

import pytest

from experiments import from_logs


def test_every_log_gives_the_same_forecast():
    made = from_logs.forecasts()
    assert len(made) == len(from_logs.logs())
    assert made["rows"].nunique() == 1
    assert made["loss"].to_numpy() == pytest.approx(made["loss"].iloc[0], rel=1e-9)


def test_every_question_names_a_way_out():
    questions = from_logs.questions()
    assert len(questions) == 5
    for answer in questions["the tool answers"]:
        assert "\n" not in answer
        assert "--" in answer or "write" in answer, answer


def test_a_command_is_run_as_typed(capsys):
    way = from_logs.logs()[4]
    with from_logs.written(way):
        from_logs.typed(way.command)
    printed = capsys.readouterr().out
    assert printed.startswith(f"$ {way.command}\n")
    assert "loss" in printed
    assert "Error" not in printed
