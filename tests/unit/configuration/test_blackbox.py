import shutil
from datetime import timedelta

import pytest
import yaml

from monitor.configuration import ConfigError
from monitor.configuration.blackboxtext import module_text, modules_text
from tests.unit.configuration.places import DATA, loaded, written

MODULE = "modules:\n  one:\n    prober: http\n"


@pytest.fixture
def whole(tmp_path):
    """A blackbox.yml that holds every key which is offered, and the configuration around it."""
    shutil.copytree(DATA / "valid" / "blackbox", tmp_path, dirs_exist_ok=True)
    secret = tmp_path / "config" / "secret.txt"
    secret.write_text("hunter2\n")
    secret.chmod(0o600)
    return loaded(tmp_path / "checks.yaml")


def with_modules(folder, text, settings="probe: {enabled: true}\n"):
    path = written(folder, monitor=settings)
    (folder / "config" / "blackbox.yml").write_text(text)
    return path


def test_every_key_is_taken(whole):
    """A file with every key of blackbox_exporter that is offered loads, and means what it says."""
    modules = whole.modules
    http, tcp, dns = modules["http_all"].http, modules["tcp_all"].tcp, modules["dns_all"].dns

    assert modules["http_all"].timeout == timedelta(seconds=90)
    assert (http.preferred_ip_protocol, http.ip_protocol_fallback) == ("ip4", False)
    assert http.headers["X-Version"] == "2"
    assert http.body_size_limit == 1_572_864
    assert http.http_headers["X-Token"].reveal() == ("a", "hunter2", "hunter2")
    assert modules["http_no_follow"].http.follows is False
    assert modules["http_no_follow"].http.basic_auth.reveal() == ("hunter2", "hunter2")
    assert modules["http_bearer_file"].http.credential.reveal() == "Bearer hunter2"
    assert modules["http_authorization"].http.credential.reveal() == "Token hunter2"
    assert [step.starttls for step in tcp.query_response] == [False] * 5 + [True]
    assert tcp.tls is False
    assert dns.validate_answer_rrs.fail_if_not_matches_regexp[0].search(
        "www.example.id.\t300\tIN\tA\t192.0.2.7"
    )
    assert modules["icmp"].icmp.ttl == 64


def test_missing_files_are_doubted(whole):
    """A certificate that is not there is a warning: probes fail, and the rest goes on."""
    told = [warning.message for warning in whole.warnings if "blackbox" in warning.file]

    assert [text.partition(":")[0] for text in told] == [
        "http.tls_config.ca_file",
        "http.tls_config.cert_file",
        "http.tls_config.key_file",
    ]


def test_shown_text_has_no_secret(whole):
    """What people read of modules is YAML, and holds no secret of them."""
    text = modules_text(whole.modules)
    shown = yaml.safe_load(text)["modules"]

    assert "hunter2" not in text
    assert "hunter2" not in "".join(map(module_text, whole.modules.values()))
    assert shown["http_all"]["http"]["basic_auth"] == {"username": "warga", "password": "<secret>"}
    assert shown["http_all"]["http"]["proxy_url"] == "http://warga:xxxxx@127.0.0.1:3128"
    assert shown["http_no_follow"]["http"]["follow_redirects"] is False
    assert "no_follow_redirects" not in shown["http_no_follow"]["http"]
    assert shown["http_oauth2"]["http"]["oauth2"]["endpoint_params"]["password"] == "<secret>"
    assert shown["http_all"]["timeout"] == "1m30s"
    assert shown["grpc_all"]["grpc"]["metadata"]["x-unit"] == ["<secret>", "<secret>"]
    assert set(shown["tcp_all"]) == {"prober", "timeout", "tcp"}


def test_shown_text_loads(whole, tmp_path):
    """What /config shows is a blackbox.yml again, but for what is hidden."""
    shown = yaml.safe_load(modules_text(whole.modules))["modules"]
    for name in ("dns_all", "icmp_all", "icmp_ip4", "http3"):
        text = yaml.safe_dump({"modules": {name: shown[name]}})
        folder = tmp_path / name
        folder.mkdir()

        assert loaded(with_modules(folder, text)).modules[name] == whole.modules[name]


def test_file_is_not_looked_at_while_off(tmp_path):
    """While /probe is off, blackbox.yml is not read, and not complained of."""
    config = loaded(with_modules(tmp_path, "modules: [", settings="zone: Asia/Makassar\n"))

    assert config.modules is None
    assert "config/blackbox.yml" not in config.files
    assert not [warning for warning in config.warnings if "blackbox" in str(warning)]


def test_file_counts_for_the_hash(tmp_path):
    """The hash of the configuration covers blackbox.yml while /probe is on."""
    path = with_modules(tmp_path, MODULE)
    before = loaded(path)
    (tmp_path / "config" / "blackbox.yml").write_text(MODULE + "    timeout: 5s\n")

    assert before.files == ("checks.yaml", "config/monitor.yaml", "config/blackbox.yml")
    assert loaded(path).hash != before.hash


def test_file_of_another_name(tmp_path):
    """`probe.modules` names the file; one in config/ that is read is not called unread."""
    path = with_modules(tmp_path, "", "probe: {enabled: true, modules: config/ours.yml}\n")
    (tmp_path / "config" / "ours.yml").write_text(MODULE)
    config = loaded(path)

    assert list(config.modules) == ["one"]
    assert not [each for each in config.warnings if "not read" in str(each)]


def test_files_are_beside_the_modules(tmp_path):
    """Files that blackbox.yml names are relative to its own folder."""
    text = MODULE + "    http: {body_file: body.txt}\n"
    path = with_modules(tmp_path, text)
    (tmp_path / "config" / "body.txt").write_text("{}")

    assert loaded(path).modules["one"].http.body_file == tmp_path / "config" / "body.txt"


def test_merge_keys_are_read_here_alone(tmp_path):
    """Merge keys are read in blackbox.yml, where they are common, and nowhere else."""
    text = (
        "modules:\n  a: &a {prober: icmp, timeout: 5s}\n  b: {<<: *a, timeout: 6s}\n"
        "  c: {<<: [{timeout: 7s}, *a]}\n"
    )
    modules = loaded(with_modules(tmp_path, text)).modules
    (tmp_path / "config" / "monitor.yaml").write_text("probe: {<<: {enabled: true}}\n")

    assert [module.timeout.seconds for module in modules.values()] == [5, 6, 7]
    with pytest.raises(ConfigError, match="merge keys"):
        loaded(tmp_path / "checks.yaml")
