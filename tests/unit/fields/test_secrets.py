import os
import pickle

import pytest

from monitor.fields import Context, Secret
from tests.unit.fields.reading import Everything, field, refusal


def secret_file(folder, text="hunter2\n", mode=0o600):
    path = folder / "key"
    path.write_text(text)
    path.chmod(mode)
    return path


def test_secret_of_file(tmp_path):
    """A secret's file is named from the configuration's folder; its last line break is no part."""
    secret_file(tmp_path)

    assert field("secret", {"file": "key"}, folder=tmp_path).reveal() == "hunter2"


def test_secret_of_credential(tmp_path):
    """A credential lies in the folder that systemd gives; systemd guards it."""
    secret_file(tmp_path, mode=0o440)

    assert field("secret", {"credential": "key"}, credentials=tmp_path).reveal() == "hunter2"


def test_secret_of_environment():
    """A secret may come from the environment, which is remembered for a warning."""
    seen = []

    secret = field("secret", {"env": "KEY"}, environment={"KEY": "hunter2"}, from_environment=seen)

    assert secret.reveal() == "hunter2"
    assert seen == ["KEY"]


def test_secret_of_an_environment_that_is_no_text():
    """A variable of bytes that are no UTF-8 is refused, since no header could carry it."""
    message = refusal("secret", {"env": "KEY"}, environment={"KEY": "hunter2\udcff"})

    assert message == "the environment variable 'KEY' holds no UTF-8 text"


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o644, 0o660, 0o666, 0o620])
def test_open_secret_file(tmp_path, mode):
    """A secret's file that group or others can touch is refused with what to do."""
    secret_file(tmp_path, mode=mode)

    message = refusal("secret", {"file": "key"}, folder=tmp_path)

    assert message == f"secret file 'key' is open to others (mode {mode:04o}): chmod 600 it"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "is empty"),
        ("\n", "is empty"),
        ("a\nb", "second line"),
        ("a\0", "control"),
        ("a" * 70_000, "over 64 KB"),
    ],
)
def test_odd_secret_file(tmp_path, text, said):
    """A secret is one line: it may end in a header, where a second line would begin another."""
    secret_file(tmp_path, text)

    assert said in refusal("secret", {"file": "key"}, folder=tmp_path)


def test_pipe_for_secret(tmp_path):
    """A named pipe in a secret's place is refused, and nobody waits for its writer."""
    os.mkfifo(tmp_path / "key", 0o600)

    assert "no ordinary file" in refusal("secret", {"file": "key"}, folder=tmp_path)


@pytest.mark.parametrize("name", ["../key", "a/key", "/key", "..", "."])
def test_credential_stays_in_its_folder(tmp_path, name):
    """A credential's name leads nowhere else."""
    assert "without slashes" in refusal("secret", {"credential": name}, credentials=tmp_path)


@pytest.mark.parametrize(
    "value",
    ["hunter2", 5, ["hunter2"], {}, {"file": "hunter2", "env": "x"}, {"key": "hunter2"}],
)
def test_written_secret(value):
    """A secret that is written into the configuration is refused and not repeated."""
    message = refusal("secret", value)

    assert "{file: /path}" in message
    assert "hunter2" not in message


def test_secret_is_never_shown(tmp_path):
    """Neither printing nor dumping a model shows a secret."""
    secret_file(tmp_path)
    model = Everything.model_validate({"secret": {"file": "key"}}, context=Context(folder=tmp_path))

    shown_forms = [repr(model), str(model.secret), f"{model.secret}", model.model_dump_json()]
    shown_forms += [str(model.model_dump()), f"{vars(model)}"]

    assert not any("hunter2" in form for form in shown_forms)
    with pytest.raises(TypeError):
        pickle.dumps(model.secret)


def test_replaced_secret(tmp_path):
    """A secret's file that is replaced gives its new value; one that breaks, its last good one."""
    path = secret_file(tmp_path)
    secret = field("secret", {"file": "key"}, folder=tmp_path)

    path.write_text("correct horse\n")
    assert secret.reveal() == "correct horse"
    path.unlink()
    assert secret.reveal() == "correct horse"


def test_secrets_compare_by_source(tmp_path):
    """Two secrets of the same source are the same, whatever they hold."""
    first = Secret(("file", "/a"), "x")

    assert first == Secret(("file", "/a"), "y") != Secret(("file", "/b"), "x")
