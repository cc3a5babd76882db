"""What `pantau run` says before its log."""

from dataclasses import dataclass, field

from monitor.cli.banner import banner


@dataclass(frozen=True, kw_only=True)
class Summary:
    checks: int = 12
    services: int = 1
    by_type: dict = field(default_factory=lambda: {"tls": 3, "http": 9})
    page_url: str = "http://127.0.0.1:8780/"
    metrics_url: str = "http://127.0.0.1:8780/metrics"
    receivers: tuple = ("oncall", "telegram")
    online: str = "online"
    data_dir: str = "/srv/pantau/data"
    warnings: tuple = ()


def test_banner_in_whole():
    """The banner says what is watched, where to look, who is told, and whether we are online."""
    assert banner(Summary(warnings=("portal-tls: insecure",))) == (
        "Pantau keeps watch: 12 checks of 1 service (9 http, 3 tls)\n"
        "  page     http://127.0.0.1:8780/\n"
        "  metrics  http://127.0.0.1:8780/metrics\n"
        "  alerts   go to oncall, telegram\n"
        "  network  online\n"
        "  data     /srv/pantau/data\n"
        "  ! portal-tls: insecure\n"
        "Ctrl-C stops it."
    )


def test_nobody_told_is_said():
    """Without a receiver the banner says that nobody is told."""
    assert "go to nobody" in banner(Summary(receivers=()))
