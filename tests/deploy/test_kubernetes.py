"""The chart for Kubernetes, as Helm renders it: no cluster is asked."""

import json
import shutil
from pathlib import Path

import pytest
import yaml

from tests.deploy.tools import DEPLOY, ROOT, judged, pantau, run, tool
from tests.peers import peer

CHART = DEPLOY / "kubernetes" / "pantau"
# Objects of the Prometheus Operator, whose schemas Kubernetes does not have.
OPERATOR = ("ServiceMonitor", "PrometheusRule")
CHECKS = """\
version: 1
services: [{id: portal, name: Portal, owner: diskominfo, sla: {target: 99.9, basis: SK, hours: 24x7}}]
checks: [{id: portal-http, service: portal, type: http, url: "http://127.0.0.1:9/"}]
"""
LEAST = {"configuration": {"checks.yaml": CHECKS}}
MOST = {
    "configuration": {
        "checks.yaml": CHECKS,
        "config/services/bapenda.yaml": "version: 1\nservices: []\nchecks: []\n",
    },
    "settings": {"vantage": "balaikota", "data_dir": "/elsewhere"},
    "credentialsSecret": "pantau-secrets",
    "webConfigSecret": "pantau-web",
    "image": {"repository": "registry.example/pantau", "digest": f"sha256:{'0' * 64}"},
    "imagePullSecrets": [{"name": "registry"}],
    "storage": {"storageClassName": "local-path"},
    "serviceMonitor": {"enabled": True, "passwordSecret": "pantau-prometheus"},
    "prometheusRule": {"enabled": True},
    "dashboards": {"enabled": True},
    "networkPolicy": {"enabled": True, "metricsFrom": [{"namespaceSelector": {}}]},
    "nodeSelector": {"kubernetes.io/os": "linux"},
    "tolerations": [{"key": "monitoring", "operator": "Exists"}],
    "affinity": {"podAntiAffinity": {}},
}
both = pytest.mark.parametrize("values", [LEAST, MOST], ids=["least", "most"])


def asked(action, values, chart=CHART):
    return run(
        tool("python"),
        Path(__file__).with_name("helm.py"),
        action,
        chart,
        input=json.dumps(values),
    )


def rendered(values, chart=CHART):
    """Return the objects that the chart makes of values."""
    done = asked("render", values, chart)
    assert done.returncode == 0, done.stderr
    files = json.loads(done.stdout)
    texts = [text for name, text in files.items() if not name.endswith("NOTES.txt")]
    return [found for text in texts for found in yaml.safe_load_all(text) if found]


def of_kind(kind, values):
    return [found for found in rendered(values) if found["kind"] == kind]


def pod(values):
    [found] = of_kind("StatefulSet", values)
    return found["spec"]["template"]["spec"]


@both
def test_helm_has_nothing_against_it(values):
    """`helm lint --strict` finds nothing but that the chart has no picture."""
    found = json.loads(asked("lint", values).stdout)

    assert found["errors"] == []
    assert {each["error"] for each in found["messages"]} == {"icon is recommended"}


@both
@pytest.mark.parametrize("version", ["1.25", "1.33"])
def test_kubernetes_knows_every_field(values, version, tmp_path):
    """Each object has only fields that Kubernetes has, and all that it needs."""
    objects = [found for found in rendered(values) if found["kind"] not in OPERATOR]
    path = tmp_path / "objects.yaml"
    path.write_text(yaml.safe_dump_all(objects))

    assert judged(tool("kubernetes-validate"), "--strict", "-k", version, path) == ""


@both
def test_the_pod_is_shut_in(values):
    """The pod runs as nobody, on a root that can't be written, without a capability or a token."""
    spec = pod(values)
    [container] = spec["containers"]

    assert spec["automountServiceAccountToken"] is False
    assert spec["securityContext"]["runAsNonRoot"] is True
    assert spec["securityContext"]["runAsUser"] == 65534
    assert container["securityContext"] == {
        "allowPrivilegeEscalation": False,
        "readOnlyRootFilesystem": True,
        "capabilities": {"drop": ["ALL"]},
    }


@both
def test_there_is_one_process_and_one_disk(values):
    """One replica owns one volume that it alone may write: Pantau's database has one writer."""
    [found] = of_kind("StatefulSet", values)

    assert found["spec"]["replicas"] == 1
    [claim] = found["spec"]["volumeClaimTemplates"]
    assert claim["spec"]["accessModes"] == ["ReadWriteOnce"]


@both
def test_the_configuration_is_valid_where_the_pod_has_it(values, tmp_path):
    """What the volume of the configuration holds, each file at its place, is what Pantau accepts."""
    texts = mounted(values)
    for path, text in texts.items():
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_text(text.replace("/run/pantau/web", str(tmp_path)))
    (tmp_path / "web.yml").write_text(WEB)

    told = pantau("validate", "--config", tmp_path / "checks.yaml")

    assert told.returncode == 0, told.stdout + told.stderr
    assert set(texts) == {*values["configuration"], "config/monitor.yaml"}


WEB = 'basic_auth_users: {prometheus: "$2y$10$mDwo.lAisC94iLAyP81MCesa29IzH37oigHC/42V2pdJlUprsJPze"}\n'


def mounted(values):
    """Return the files of the configuration by their path in the pod."""
    [volume] = [each for each in pod(values)["volumes"] if each["name"] == "configuration"]
    name = volume["configMap"]["name"]
    [content] = [each for each in of_kind("ConfigMap", values) if each["metadata"]["name"] == name]
    return {item["path"]: content["data"][item["key"]] for item in volume["configMap"]["items"]}


def test_without_users_only_the_public_page_leaves_the_pod():
    """Where nobody needs a password, all but the public page stays on the pod's loopback."""
    settings = yaml.safe_load(mounted(LEAST)["config/monitor.yaml"])
    [service] = of_kind("Service", LEAST)

    assert (settings["listen"], settings["public_listen"]) == ("127.0.0.1:8780", "0.0.0.0:8781")
    assert [port["name"] for port in service["spec"]["ports"]] == ["public"]


def test_the_operator_can_not_move_the_data():
    """Settings are the operator's, but the database stays on the volume that is there for it."""
    settings = yaml.safe_load(mounted(MOST)["config/monitor.yaml"])

    assert (settings["data_dir"], settings["vantage"]) == ("/var/lib/pantau/data", "balaikota")


@pytest.mark.parametrize(
    ("values", "told"),
    [
        ({}, "missing property 'checks.yaml'"),
        ({**LEAST, "serviceMonitor": {"enabled": True}}, "serviceMonitor.passwordSecret"),
        ({**LEAST, "replicas": 2}, "additional properties 'replicas' not allowed"),
        ({"configuration": {"checks.yaml": CHECKS, "../secret": ""}}, "'../secret'"),
    ],
)
def test_wrong_values_are_refused(values, told):
    """A value that is missing or unknown is named, and nothing is rendered."""
    done = asked("render", values)

    assert done.returncode == 1
    assert told in done.stderr


def test_dashboards_come_along():
    """Each dashboard is in a ConfigMap of its own that Grafana's sidecar finds, and below its limit."""
    found = [
        each
        for each in of_kind("ConfigMap", MOST)
        if each["metadata"]["labels"].get("grafana_dashboard") == "1"
    ]
    shipped = sorted((DEPLOY / "grafana" / "dashboards").glob("*/*.json"))

    assert len(found) == len(shipped) > 0
    texts = {text for each in found for text in each["data"].values()}
    assert texts == {path.read_text() for path in shipped}
    assert max(map(len, texts)) < 2**20


def test_rules_come_along(tmp_path):
    """Rules are what they were: what Prometheus is to fill in is not filled in by Helm."""
    chart = tmp_path / "pantau"
    shutil.copytree(CHART, chart)
    rules = chart / "files" / "prometheus" / "rules"
    rules.mkdir(exist_ok=True)
    (rules / "pantau-example.yml").write_text(RULES)
    found = [each for each in rendered(MOST, chart) if each["kind"] == "PrometheusRule"]
    path = tmp_path / "rules.yml"

    assert len(found) == len(list(rules.glob("pantau-*.yml")))
    assert yaml.safe_load(RULES)["groups"] in [each["spec"]["groups"] for each in found]
    for each in found:
        path.write_text(yaml.safe_dump(each["spec"]))
        assert judged(peer("promtool"), "check", "rules", path) == ""


RULES = """\
groups:
  - name: example
    rules:
      - alert: Example
        expr: probe_success == 0
        annotations: {summary: "{{ $labels.check }}: {{ $value }}"}
"""


def test_its_release_is_that_of_the_project():
    """The chart starts the image of the release that it belongs to."""
    release = yaml.safe_load((CHART / "Chart.yaml").read_text())["appVersion"]

    assert f'\nversion = "{release}"\n' in (ROOT / "pyproject.toml").read_text()
