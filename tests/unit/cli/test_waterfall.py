"""Where the time of a journey went, as a person sees it."""

from monitor.cli.waterfall import steps_waterfall

STEPS = [
    {"name": "form", "outcome": "ok", "status": 200, "seconds": 1.0, "phases": {"connect": 1.0}},
    {"name": "login", "outcome": "degraded", "status": 200, "seconds": 2.0, "phases": {"tls": 2.0}},
    {"name": "data", "outcome": "failed", "seconds": 1.0, "phases": {"resolve": 1.0}},
    {"name": "more", "outcome": "skipped", "detail": "step 3 (data) failed"},
]


def lines(monkeypatch, steps):
    monkeypatch.setenv("NO_COLOR", "1")
    return list(steps_waterfall(steps, 53))


def test_steps_follow_each_other(monkeypatch):
    """Each step has its mark, its status and its time, and its bar begins where the last one ended;
    a step that was skipped says why.
    """
    assert lines(monkeypatch, STEPS)[:4] == [
        f"  ✓ form     {'█' * 5}{' ' * 15}   200     1000.0 ms",
        f"  ! login    {' ' * 5}{'█' * 10}{' ' * 5}   200     2000.0 ms",
        f"  ✗ data     {' ' * 15}{'█' * 5}           1000.0 ms",
        "  · more     skipped: step 3 (data) failed",
    ]


def test_phases_of_the_failing_step_are_shown(monkeypatch):
    """Below stand the phases of the step that failed, or of the slowest when all passed."""
    failing, fine = lines(monkeypatch, STEPS)[4:], lines(monkeypatch, STEPS[:2])[2:]

    assert failing[0] == "  of data:"
    assert failing[1].startswith("  resolve ")
    assert fine[0] == "  of login:"


def test_no_step_no_bars(monkeypatch):
    """A check of another type has no steps, and nothing is drawn."""
    assert lines(monkeypatch, []) == []
