"""What others say of our images: skopeo, umoci, oci-image-tool."""

import json

import pytest

TEXT = "FROM lab/base\nRUN mkdir /made && echo hello > /made/here && chown 5:6 /made/here\nCMD cat /made/here\n"


@pytest.fixture
def built(engine):
    """An image of two layers."""
    return engine.build(TEXT, "lab/made:1").image


@pytest.mark.usefixtures("containers")
def test_to_a_registry_and_back_with_the_same_manifest(engine, built, command, docker_registry, tmp_path):
    home, out = engine.full.home.root, tmp_path / "out"
    there = f"docker://{docker_registry}/lab/made:1"
    command("skopeo", "copy", "--dest-tls-verify=false", f"oci:{home}:lab/made:1", there)
    said = command("skopeo", "inspect", "--tls-verify=false", "--format", "{{.Digest}}", there)
    assert said.strip() == built.digest
    command("skopeo", "copy", "--src-tls-verify=false", there, f"oci:{out}:lab/made:1")
    index = json.loads((out / "index.json").read_text())
    assert [one["digest"] for one in index["manifests"]] == [built.digest]


@pytest.mark.usefixtures("containers")
def test_to_a_docker_archive_and_back_with_the_same_config(engine, built, command, tmp_path):
    home, archive, out = engine.full.home.root, tmp_path / "a.tar", tmp_path / "out"
    command("skopeo", "copy", f"oci:{home}:lab/made:1", f"docker-archive:{archive}:lab/made:1")
    command("skopeo", "copy", f"docker-archive:{archive}", f"oci:{out}:lab/made:1")
    config = json.loads(command("skopeo", "inspect", "--raw", f"oci:{out}:lab/made:1"))["config"]["digest"]
    assert config == built.id


@pytest.mark.usefixtures("containers")
def test_our_own_archive_is_read_by_skopeo(engine, built, command, tmp_path):
    archive = tmp_path / "saved.tar"
    with archive.open("wb") as stream:
        engine.full.save(["lab/made:1"], stream)
    raw = command("skopeo", "inspect", "--raw", f"oci-archive:{archive}")
    assert json.loads(raw)["config"]["digest"] == built.id
    said = command("skopeo", "inspect", "--format", "{{.Digest}}", f"docker-archive:{archive}:lab/made:1")
    assert said.startswith("sha256:")


@pytest.mark.usefixtures("as_root", "containers", "built")
def test_umoci_unpacks_it(engine, command, tmp_path):
    bundle = tmp_path / "bundle"
    command("umoci", "unpack", "--image", f"{engine.full.home.root}:lab/made:1", bundle)
    made = bundle / "rootfs" / "made" / "here"
    assert made.read_text() == "hello\n"
    assert (made.stat().st_uid, made.stat().st_gid) == (5, 6)
    config = json.loads((bundle / "config.json").read_text())
    assert config["process"]["args"] == ["/bin/sh", "-c", "cat /made/here"]


def test_oci_image_tool_finds_nothing_wrong(engine, command, tmp_path):
    (tmp_path / "file").write_text("x")
    # It wants a layout with one image only, so this one stands on nothing.
    engine.build("FROM scratch\nCOPY file /file\nCOPY file /again\n", "alone:1", context=tmp_path)
    said = command("oci-image-tool", "validate", "--type", "image", "--ref", "name=alone:1", engine.full.home.root)
    assert "Validation succeeded" in said


@pytest.mark.usefixtures("containers", "built")
def test_what_skopeo_writes_into_our_store_can_be_run(engine, command):
    home = engine.full.home.root
    command("skopeo", "copy", f"oci:{home}:lab/made:1", f"oci:{home}:lab/copied:1")
    assert engine.run("lab/copied:1").logs() == "hello\n"
