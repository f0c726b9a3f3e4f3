"""Secrets leave no trace: not in a blob, a record, a log, a key or an event; nor does what an agent has."""

import gzip
import os
import subprocess
from pathlib import Path

import pytest
import zstandard
from samples.users import ordinary_user, run_as

from pydock_lab.engine.options import AgentSource, SecretSource
from pydock_lab.errors import BuildError
from pydock_lab.linux.tiers import Tier

FILE, VARIABLE = b"f1le-s3cret-6b8d", b"env-s3cret-11c7"
TEXT = """FROM lab/base
RUN --mount=type=secret,id=file --mount=type=secret,id=variable,target=/etc/v,mode=0440,uid=5 \\
    wc -c /run/secrets/file /etc/v && test "$(stat -c %u:%a /etc/v)" = 5:440 && cp /proc/mounts /mounts
RUN --mount=type=secret,id=variable,env=GIVEN --mount=type=secret,id=file,env=OTHER \\
    test "$GIVEN" = env-s3cret-11""c7 && test ${#OTHER} = 16 && env > /dev/null
RUN --mount=type=secret,id=file,required true
COPY a /a
"""


def plain(content):
    """A blob's bytes, decompressed where they are compressed."""
    if content[:2] == b"\x1f\x8b":
        return gzip.decompress(content)
    if content[:4] == b"\x28\xb5\x2f\xfd":
        return zstandard.ZstdDecompressor().decompressobj().decompress(content)
    return content


def everything(root):
    """Every file below a folder, as it is and decompressed, and every name and link."""
    for folder, folders, files in os.walk(root):
        for name in (*folders, *files):
            path = os.path.join(folder, name)
            yield path, os.fsencode(path)
            if os.path.islink(path):
                yield path, os.fsencode(os.readlink(path))
            elif os.path.isfile(path):
                with open(path, "rb") as file:
                    content = file.read()
                yield path, content
                yield path, plain(content)


@pytest.mark.usefixtures("containers")
@pytest.mark.parametrize("ends", ["well", "badly"])
def test_no_trace_in_the_store_and_in_what_is_told(engine, tmp_path, monkeypatch, ends):
    (tmp_path / "secret").write_bytes(FILE)
    (tmp_path / "a").write_text("a")
    monkeypatch.setenv("VARIABLE", VARIABLE.decode())
    secrets = (SecretSource(id="file", path=tmp_path / "secret"), SecretSource(id="variable", env="VARIABLE"))
    events, context = [], tmp_path / "context"
    context.mkdir()
    (context / "a").write_text("a")
    text = (
        TEXT if ends == "well" else TEXT + "RUN --mount=type=secret,id=file cat /run/secrets/file > /dev/null; false\n"
    )
    for _ in range(2):  # the second time from the cache
        try:
            engine.build(text, "app:1", context=context, secrets=secrets, on_event=events.append)
        except BuildError as error:
            assert ends == "badly"
            events.append(error)
    assert events
    home = engine.full.home.root
    looked = 0
    for path, content in everything(home):
        looked += 1
        assert FILE not in content, path
        assert VARIABLE not in content, path
    assert looked > 50
    told = repr(events).encode() + b"".join(repr(getattr(event, "fields", "")).encode() for event in events)
    assert FILE not in told
    assert VARIABLE not in told


@pytest.mark.usefixtures("containers")
def test_a_key_does_not_depend_on_a_secrets_value(engine, tmp_path):
    def build(value):
        (tmp_path / "secret").write_text(value)
        text = "FROM lab/base\nRUN --mount=type=secret,id=s wc -c /run/secrets/s > /size\n"
        return engine.build(text, secrets=(SecretSource(id="s", path=tmp_path / "secret"),)).image.id

    assert build("one") == build("another")


@pytest.mark.parametrize(
    ("mount", "sources", "says"),
    [
        ("id=s,required", (), "secret s: not found"),
        ("id=s", ("gone",), "cannot be read"),
        ("id=s", ("large",), "more than"),
    ],
)
@pytest.mark.usefixtures("containers")
def test_a_secret_that_cannot_be_had(engine, tmp_path, mount, sources, says):
    (tmp_path / "large").write_bytes(bytes(600 * 1024))
    secrets = tuple(SecretSource(id="s", path=tmp_path / name) for name in sources)
    with pytest.raises(BuildError, match=says) as caught:
        engine.build(f"FROM lab/base\nRUN --mount=type=secret,{mount} true\n", secrets=secrets)
    assert caught.value.fields["line"] == 2


@pytest.mark.usefixtures("containers")
def test_nothing_stays_in_memory(engine, tmp_path):
    (tmp_path / "secret").write_bytes(FILE)
    before = set(os.listdir("/dev/shm"))
    text = "FROM lab/base\nRUN --mount=type=secret,id=s grep -q s3cret /run/secrets/s\n"
    engine.build(text, no_cache=True, secrets=(SecretSource(id="s", path=tmp_path / "secret"),))
    new = (Path("/dev/shm") / name for name in set(os.listdir("/dev/shm")) - before)
    assert [path for path in new if path.name.startswith("pydock-") and path.stat().st_uid == os.geteuid()] == []


@pytest.mark.usefixtures("as_root")
def test_where_there_are_no_namespaces_either():
    with ordinary_user() as user:
        words = ["-q", "-p", "no:cacheprovider", "--no-header", "-k", "in_memory or does_not_depend"]
        done = run_as(user, "-m", "pytest", *words, str(Path(__file__)), tier=Tier.TRACED)
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-1000:]
    assert "2 passed" in done.stdout


# ---- agents

ASK = """FROM lab/python
RUN --mount=type=ssh,required \\
    python3 -c "import os, socket; s = socket.socket(1); s.connect(os.environ['SSH_AUTH_SOCK']); \\
s.send(bytes([0, 0, 0, 1, 11])); answer = s.recv(9999); print(answer[4:9].hex(), answer[-4:].decode(), end='')"
RUN test -z "$SSH_AUTH_SOCK" && test ! -e /run/buildkit
"""


@pytest.fixture
def keys(tmp_path, need):
    """Two private keys."""
    for name in ("one", "two"):
        words = ["-q", "-t", "ed25519", "-N", "", "-C", f"key{name[0]}", "-f", str(tmp_path / name)]
        subprocess.run([need("ssh-keygen"), *words], check=True)
    return tmp_path / "one", tmp_path / "two"


@pytest.fixture
def agent(tmp_path, keys, need, monkeypatch):
    """The user's own agent, with the first key."""
    place = tmp_path / "agent.sock"
    with subprocess.Popen([need("ssh-agent"), "-D", "-a", str(place)], stdout=subprocess.DEVNULL) as running:
        while not place.exists():
            assert running.poll() is None
        monkeypatch.setenv("SSH_AUTH_SOCK", str(place))
        subprocess.run([need("ssh-add"), "-q", str(keys[0])], check=True)
        yield place
        running.terminate()


def answer(engine, source):
    """What the agent has said to the step: how many keys (after its type, 12), and the last one's name."""
    events = []
    engine.build(ASK, no_cache=True, agents=(source,), on_event=events.append)
    return "".join(event.text for event in events if type(event).__name__ == "StepOutput")


@pytest.mark.usefixtures("containers", "agent")
def test_a_step_talks_to_the_users_agent(engine, agent):
    assert answer(engine, AgentSource()) == "0c00000001 keyo"
    assert answer(engine, AgentSource(paths=(agent,))) == "0c00000001 keyo"


@pytest.mark.usefixtures("containers")
def test_keys_get_an_agent_of_their_own_and_leave_no_trace(engine, keys):
    assert answer(engine, AgentSource(paths=keys)) == "0c00000002 keyt"
    secret = keys[0].read_bytes().splitlines()[2]
    for path, content in everything(engine.full.home.root):
        assert secret not in content, path


@pytest.mark.usefixtures("containers")
def test_an_agent_that_is_not_there(engine, monkeypatch, tmp_path):
    monkeypatch.delenv("SSH_AUTH_SOCK", raising=False)
    with pytest.raises(BuildError, match="unset ssh forward key default"):
        engine.build(ASK)
    with pytest.raises(BuildError, match="SSH_AUTH_SOCK is empty"):
        engine.build(ASK, agents=(AgentSource(),))
    (tmp_path / "key").write_text("no key\n")
    with pytest.raises(BuildError, match="cannot be used"):
        engine.build(ASK, agents=(AgentSource(paths=(tmp_path / "key",)),))
