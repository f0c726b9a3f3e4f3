"""`docker build --check`, `--call=...`, and the checks beside a build: what is written, in both languages."""

import json
import shlex

import pytest
from samples.faces import RememberingFace

from pydock_lab.cli import invoke
from pydock_lab.errors import CommandError, DockerfileError, PydockError

DOCKERFILE = b"FROM scratch as web\nLABEL maintainer Ada\nENV TOKEN=$TOKE\n"

REPORTS = {
    "en": """\
Check complete, 4 warnings have been found!

WARNING: FromAsCasing - https://docs.docker.com/go/dockerfile/rule/from-as-casing/
'as' and 'FROM' keywords' casing do not match
Dockerfile:1
--------------------
   1 | >>> FROM scratch as web
   2 |     LABEL maintainer Ada
   3 |     ENV TOKEN=$TOKE
--------------------
Write both in capitals, or both in small letters.
Write instead: FROM scratch AS web

WARNING: LegacyKeyValueFormat - https://docs.docker.com/go/dockerfile/rule/legacy-key-value-format/
"LABEL key=value" should be used instead of legacy "LABEL key value" format
Dockerfile:2
--------------------
   1 |     FROM scratch as web
   2 | >>> LABEL maintainer Ada
   3 |     ENV TOKEN=$TOKE
   4 |
--------------------
Put an equals sign between name and value.
Write instead: LABEL maintainer=Ada

WARNING: SecretsUsedInArgOrEnv - https://docs.docker.com/go/dockerfile/rule/secrets-used-in-arg-or-env/
Do not use ARG or ENV instructions for sensitive data (ENV "TOKEN")
Dockerfile:3
--------------------
   1 |     FROM scratch as web
   2 |     LABEL maintainer Ada
   3 | >>> ENV TOKEN=$TOKE
   4 |
--------------------
Everybody who has the image can read it with docker history or docker inspect: mount it as a secret in the step that \
needs it.
Write instead: RUN --mount=type=secret,id=TOKEN,env=TOKEN ...

WARNING: UndefinedVar - https://docs.docker.com/go/dockerfile/rule/undefined-var/
Usage of undefined variable '$TOKE'
Dockerfile:3
--------------------
   1 |     FROM scratch as web
   2 |     LABEL maintainer Ada
   3 | >>> ENV TOKEN=$TOKE
   4 |
--------------------
Set TOKE with ARG or ENV above this line, in this stage.
Write instead: ARG TOKE=...
""",
    "fr": """\
Vérification terminée, 4 avertissements !

AVERTISSEMENT : FromAsCasing - https://docs.docker.com/go/dockerfile/rule/from-as-casing/
« as » et « FROM » ne sont pas dans la même casse
Dockerfile:1
--------------------
   1 | >>> FROM scratch as web
   2 |     LABEL maintainer Ada
   3 |     ENV TOKEN=$TOKE
--------------------
Écrivez les deux en majuscules, ou les deux en minuscules.
Écrivez plutôt : FROM scratch AS web

AVERTISSEMENT : LegacyKeyValueFormat - https://docs.docker.com/go/dockerfile/rule/legacy-key-value-format/
« LABEL nom=valeur » devrait remplacer l’ancienne forme « LABEL nom valeur »
Dockerfile:2
--------------------
   1 |     FROM scratch as web
   2 | >>> LABEL maintainer Ada
   3 |     ENV TOKEN=$TOKE
   4 |
--------------------
Mettez un signe égal entre le nom et la valeur.
Écrivez plutôt : LABEL maintainer=Ada

AVERTISSEMENT : SecretsUsedInArgOrEnv - https://docs.docker.com/go/dockerfile/rule/secrets-used-in-arg-or-env/
ARG et ENV ne sont pas faits pour des données secrètes (ENV "TOKEN")
Dockerfile:3
--------------------
   1 |     FROM scratch as web
   2 |     LABEL maintainer Ada
   3 | >>> ENV TOKEN=$TOKE
   4 |
--------------------
Tous ceux qui ont l’image peuvent les lire avec docker history ou docker inspect : montez-les comme secret dans \
l’étape qui en a besoin.
Écrivez plutôt : RUN --mount=type=secret,id=TOKEN,env=TOKEN ...

AVERTISSEMENT : UndefinedVar - https://docs.docker.com/go/dockerfile/rule/undefined-var/
La variable « $TOKE » n’est pas définie
Dockerfile:3
--------------------
   1 |     FROM scratch as web
   2 |     LABEL maintainer Ada
   3 | >>> ENV TOKEN=$TOKE
   4 |
--------------------
Donnez une valeur à TOKE avec ARG ou ENV au-dessus de cette ligne, dans cette étape.
Écrivez plutôt : ARG TOKE=...
""",
}

NOTES = {
    "en": """\
2 warnings found:
 - FromAsCasing: 'as' and 'FROM' keywords' casing do not match (line 1)
   Write instead: FROM scratch AS web
 - MultipleInstructionsDisallowed: Multiple CMD instructions should not be used in the same stage because only the \
last one will be used (line 2)
   This one has no effect: delete it, or keep it and delete the one below.
""",
    "fr": """\
2 avertissements :
 - FromAsCasing: « as » et « FROM » ne sont pas dans la même casse (ligne 1)
   Écrivez plutôt : FROM scratch AS web
 - MultipleInstructionsDisallowed: Plusieurs instructions CMD dans la même étape : seule la dernière compte (ligne 2)
   Celle-ci n’a aucun effet : supprimez-la, ou gardez-la et supprimez celle d’en dessous.
""",
}


@pytest.fixture
def docker(engine):
    """`docker("build --check -", piped=...)`: its status and its face."""

    def do(line, piped=DOCKERFILE):
        face = RememberingFace(piped)
        return invoke(shlex.split(line), open_engine=lambda: engine.full, face=face), face

    return do


@pytest.mark.parametrize("language", REPORTS)
def test_check_tells_all_findings_and_builds_nothing(docker, engine, language, monkeypatch):
    monkeypatch.setenv("PYDOCK_LANG", language)
    status, face = docker("build --check -t web -")
    assert (status, face.written) == (1, REPORTS[language])
    assert engine.images() == ()


def test_check_is_silent_about_what_is_well(docker):
    status, face = docker("build --call=check -", b"FROM scratch\n")
    assert (status, face.written) == (0, "Check complete, no warnings found.\n")


def test_check_ends_with_the_error_of_a_build(docker):
    with pytest.raises(DockerfileError, match="unknown instruction: RUM"):
        docker("build --check -", b"FROM scratch\nRUM a\n")


def test_check_reads_the_ignore_file(docker, tmp_path):
    (tmp_path / ".dockerignore").write_text("*.log\n")
    (tmp_path / "Dockerfile").write_text("FROM scratch\nCOPY a.log /\n")
    status, face = docker(f"build --check {tmp_path}")
    assert status == 1
    assert 'Attempting to Copy file "a.log" that is excluded by .dockerignore' in face.written


def test_check_as_json(docker):
    status, face = docker("build --call=check,format=json -", DOCKERFILE + b"VOLUME $VOL\n")
    document = json.loads(face.written)
    assert status == 1
    assert [found["ruleName"] for found in document["warnings"]] == [
        *("FromAsCasing", "LegacyKeyValueFormat", "SecretsUsedInArgOrEnv", "UndefinedVar", "UndefinedVar")
    ]
    assert document["warnings"][0] == {
        "ruleName": "FromAsCasing",
        "description": "The 'as' keyword should match the case of the 'from' keyword",
        "url": "https://docs.docker.com/go/dockerfile/rule/from-as-casing/",
        "detail": "'as' and 'FROM' keywords' casing do not match",
        "location": {"ranges": [{"start": {"line": 1}, "end": {"line": 1}}]},
    }
    assert document["buildError"] == {
        "message": "VOLUME specified can not be an empty string",
        "location": {"ranges": [{"start": {"line": 4}, "end": {"line": 4}}]},
    }


OUTLINED = b"""\
# KIND which one
ARG KIND=plain
FROM scratch AS base
# app the program
FROM base AS app
ARG KIND
ARG PORT=8000
RUN --mount=type=secret,id=token,required --mount=type=ssh make
"""
TABLES = """\
TARGET:      app
DESCRIPTION: the program

BUILD ARG   VALUE   DESCRIPTION
KIND        plain   which one
PORT        8000

SECRET   REQUIRED
token    true

SSH       REQUIRED
default

"""


def test_outline_and_targets(docker):
    assert docker("build --call=outline -", OUTLINED)[1].written == TABLES
    assert docker("build --call=outline --target base -", OUTLINED)[1].written == "TARGET: base\n\n"
    assert docker("build --call=targets -", OUTLINED)[1].written == (
        "TARGET          DESCRIPTION\nbase\napp (default)   the program\n"
    )
    arguments = json.loads(docker("build --call=outline,format=json -", OUTLINED)[1].written)["args"]
    assert [(one["name"], one["value"]) for one in arguments] == [("KIND", "plain"), ("PORT", "8000")]
    found = json.loads(docker("build --call=targets,format=json -", OUTLINED)[1].written)["targets"]
    assert [one["name"] for one in found] == ["base", "app"]


@pytest.mark.parametrize("call", ["lint", "check,format=yaml"])
def test_a_question_that_there_is_not(docker, call):
    with pytest.raises(CommandError, match="not a question"):
        docker(f"build --call={call} -")


@pytest.mark.parametrize("language", NOTES)
def test_a_build_tells_its_findings(docker, language, monkeypatch):
    monkeypatch.setenv("PYDOCK_LANG", language)
    status, face = docker("build -t web -", b'FROM scratch as web\nCMD ["a"]\nCMD ["b"]\n')
    assert status == 0
    assert NOTES[language] in face.noted


def test_findings_fail_the_build_where_the_file_says_so(docker, engine):
    with pytest.raises(PydockError, match="lint violation found for rules: FromAsCasing, LegacyKeyValueFormat"):
        docker("build -t web -", b"# check=error=true;skip=UndefinedVar,SecretsUsedInArgOrEnv\n" + DOCKERFILE)
    assert engine.images() == ()
