"""What is written for other machines: parsed, and held to what the program really has."""

import json
import re
import shlex
import shutil
import subprocess
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import yaml
from PIL import Image

from dicoms import dicom_file
from plainfilm.cli import main
from plainfilm.cli.serve import serve
from plainfilm.serve.admin import create_admin_app
from plainfilm.serve.app import create_app
from plainfilm.serve.auth import needed_scope
from plainfilm.serve.on_ray import Arguments
from plainfilm.serve.policy import load_policy
from plainfilm.serve.process import Doors
from plainfilm.serve.settings import ServeSettings
from served import serving

NAME = "pneumonia-paediatric"
REPOSITORY = Path(__file__).resolve().parent.parent
DOCKERFILE = (REPOSITORY / "Dockerfile").read_text(encoding="utf-8")
WORKFLOW = yaml.safe_load((REPOSITORY / ".github" / "workflows" / "ci.yml").read_text("utf-8"))


def deployed(name: str) -> list[dict[str, object]]:
    return list(yaml.safe_load_all((REPOSITORY / "deploy" / name).read_text(encoding="utf-8")))


def kinds(name: str) -> dict[str, dict]:  # type: ignore[type-arg]
    return {str(each["kind"]): each for each in deployed(name)}


def test_the_image_is_slim_and_of_a_user_without_rights() -> None:
    """S0-79."""
    last = DOCKERFILE.split("\nFROM ")[-1]

    assert last.startswith("python:3.12-slim")
    assert re.search(r"^USER \d{4,}$", last, re.M)
    assert last.index("\nUSER ") < last.index("\nENTRYPOINT ")
    assert "gcc" not in last
    assert "--no-index" in last  # what it installs was built before; nothing is fetched


def test_the_image_is_built_from_pinned_versions_and_checks_its_bundles() -> None:
    """S0-80."""
    assert "-c constraints.txt" in DOCKERFILE
    assert "npm ci" in DOCKERFILE
    assert "plainfilm bundles verify pneumonia-paediatric" in DOCKERFILE


def test_every_version_is_pinned_and_the_old_pins_are_no_way_back() -> None:
    """S0-80."""
    lines = (REPOSITORY / "constraints.txt").read_text("utf-8").splitlines()
    pinned = dict(line.split("==") for line in lines if not line.startswith("#"))
    page = " ".join((REPOSITORY / "docs" / "how-to" / "deploy.md").read_text("utf-8").split())

    assert {"torch", "onnxruntime", "fastapi", "uvicorn", "pydicom"} <= set(pinned)
    assert all(re.fullmatch(r"[0-9][0-9a-z.+]*", version) for version in pinned.values())
    for old in ("torch 1.0.0", "torchvision 0.2.1", "fastai 1.0.50.post1", "Flask 1.0.2"):
        assert old in page


def test_the_image_listens_where_it_is_told() -> None:
    """S0-83."""
    assert re.search(r"^ENV PORT=8080\b", DOCKERFILE, re.M)
    assert re.search(r"^EXPOSE 8080 8081$", DOCKERFILE, re.M)


def test_the_image_copies_what_there_is_and_no_more() -> None:
    copied = [
        name
        for line in re.findall(r"^COPY (?!--from)(.+)$", DOCKERFILE, re.M)
        for name in line.split()[:-1]
    ]
    let_in = re.findall(r"^!(.+)$", (REPOSITORY / ".dockerignore").read_text("utf-8"), re.M)

    assert sorted(copied) == sorted(let_in)
    for name in copied:
        assert (REPOSITORY / name).exists(), name


def test_the_page_is_built_from_files_that_are_in_the_image() -> None:
    """Its build reads a film from beside its own folder; without it there is no image."""
    page, _ = DOCKERFILE.split("\nFROM ")[1:3]
    before, _ = page.split("npm run build")
    copied = re.findall(r"^COPY (\S+) \./(\S+)$", before, re.M)
    places = {Path(to) / Path(name).name if to.endswith("/") else Path(to) for name, to in copied}
    config = (REPOSITORY / "web" / "vite.config.ts").read_text("utf-8")
    beside = {Path(found) for found in re.findall(r"readFileSync\('\.\./([^']+)'", config)}

    assert beside
    assert places == {Path("web"), *beside}


def test_docker_s_own_parser_is_content() -> None:
    if shutil.which("hadolint") is None:
        pytest.skip("hadolint is not installed")
    subprocess.run(["hadolint", REPOSITORY / "Dockerfile"], check=True)


def test_documented_docker_commands_have_the_right_spelling() -> None:
    """S1-07, S1-08."""
    page = (REPOSITORY / "docs" / "how-to" / "deploy.md").read_text(encoding="utf-8")
    builds = re.findall(r"docker build[^\n`]*", page)

    assert any("--build-arg HTTP_PROXY" in build for build in builds)
    for build in builds:
        words = shlex.split(build)
        assert words[-1] == "."
        assert any(re.fullmatch(r"--tag=plainfilm:[0-9.]+", word) for word in words)
        assert "–" not in build  # a dash that a word processor made of two


def test_documented_heroku_commands_have_the_right_spelling_and_order() -> None:
    """S0-83, S1-08: log in, name the app, push, release, open, look at the logs."""
    page = (REPOSITORY / "docs" / "how-to" / "deploy.md").read_text(encoding="utf-8")
    lines = re.findall(r"^heroku (.*)$", page, re.M)

    assert lines == [
        "login",
        "container:login",
        "create NAME --stack container",
        "git:remote -a NAME",
        "container:push web",
        "container:release web",
        "open",
        "logs --tail",
    ]
    assert "—" not in page  # dashes that a word processor made of two
    assert "–" not in page


def test_an_image_with_keys_of_its_own_has_them_where_the_server_looks() -> None:
    """S0-83: on a platform that mounts nothing; of the image that the page builds."""
    page = (REPOSITORY / "docs" / "how-to" / "deploy.md").read_text(encoding="utf-8")
    (base,) = re.findall(r"^FROM (\S+)$", page, re.M)
    (copied,) = re.findall(r"^COPY --chmod=444 keys\.json (\S+)$", page, re.M)

    assert f"docker build --tag={base} ." in page.splitlines()
    assert f'CMD ["--keys", "{copied}"]' in DOCKERFILE.splitlines()


def test_replicas_read_only_write_nowhere_and_leave_in_order() -> None:
    deployment = kinds("kubernetes.yaml")["Deployment"]
    pod = deployment["spec"]["template"]["spec"]
    container = pod["containers"][0]

    assert deployment["spec"]["replicas"] >= 2
    assert deployment["spec"]["strategy"]["rollingUpdate"]["maxUnavailable"] == 0
    assert pod["securityContext"]["runAsNonRoot"] is True
    assert container["securityContext"]["readOnlyRootFilesystem"] is True
    assert container["readinessProbe"]["httpGet"]["path"] == "/v2/health/ready"
    assert all("medium" in v["emptyDir"] for v in pod["volumes"] if "emptyDir" in v)


def test_the_admin_port_is_not_a_service() -> None:
    found = kinds("kubernetes.yaml")
    ports = found["Service"]["spec"]["ports"]
    open_to_all = [r for r in found["NetworkPolicy"]["spec"]["ingress"] if "from" not in r]

    assert [port["targetPort"] for port in ports] == ["http"]
    assert [r["ports"] for r in open_to_all] == [[{"port": "http"}]]
    compose = deployed("compose.yaml")[0]["services"]
    assert [name for name, service in compose.items() if "ports" in service] == ["proxy"]  # type: ignore[union-attr]


def started_by(name: str) -> dict[str, list[str]]:
    """The words after the image's entry point, of each container that a file starts."""
    if name == "compose.yaml":
        services = deployed(name)[0]["services"]
        return {name: services["server"]["command"]}  # type: ignore[index]
    kind, *way = {
        "kubernetes.yaml": ("Deployment", "spec", "template", "spec", "containers"),
        "kserve.yaml": ("InferenceService", "spec", "predictor", "containers"),
    }[name]
    found = kinds(name)[kind]
    for key in way:
        found = found[key]
    return {each["name"]: each["args"] for each in found}  # type: ignore[index]


@pytest.mark.parametrize("name", ["compose.yaml", "kubernetes.yaml", "kserve.yaml", "Dockerfile"])
def test_each_server_is_started_by_options_that_there_are(name: str, monkeypatch) -> None:  # type: ignore[no-untyped-def]
    """S0-79, S0-83: as the program itself reads them; it listens where probes and proxy ask."""
    entry, usual = (
        json.loads(found)
        for found in re.findall(r"^(?:ENTRYPOINT|CMD) (\[.+\])$", DOCKERFILE, re.M)
    )
    assert entry[:2] == ["plainfilm", "serve"]
    (port,) = re.findall(r"^ENV PORT=(\d+)", DOCKERFILE, re.M)
    monkeypatch.setenv("PORT", port)
    for words in [usual] if name == "Dockerfile" else started_by(name).values():
        read = serve.make_context("serve", [*entry[2:], *words]).params
        assert (read["host"], read["port"], read["admin_port"]) == ("0.0.0.0", 8080, 8081)
        assert read["keys"] is not None


def test_the_documented_container_reads_what_is_mounted() -> None:
    page = (REPOSITORY / "docs" / "how-to" / "deploy.md").read_text(encoding="utf-8")
    (line,) = re.findall(r"^docker run (.+)$", page, re.M)
    before, words = line.split(" plainfilm:0.1.0 ")
    (entry,) = (json.loads(e) for e in re.findall(r"^ENTRYPOINT (\[.+\])$", DOCKERFILE, re.M))
    mounted = [each.split(":")[1] for each in re.findall(r'--volume="([^"]+)"', before)]

    read = serve.make_context("serve", [*entry[2:], *words.split()]).params

    assert read["poll_s"] > 0
    assert [read["source"], str(Path(read["keys"]).parent)] == [mounted[1], mounted[0]]
    assert "--publish=8080:8080" in before.split()
    (stop_s,) = re.findall(r"--stop-timeout=(\d+)", before)
    assert int(stop_s) > Doors().notice_s + Doors().drain_s + 2


def test_probes_and_scrapes_ask_for_what_the_server_has() -> None:
    pod = kinds("kubernetes.yaml")["Deployment"]["spec"]["template"]
    ports = {each["name"]: each["containerPort"] for each in pod["spec"]["containers"][0]["ports"]}
    assert ports == {"http": 8080, "admin": 8081}
    notes = pod["metadata"]["annotations"]
    assert int(notes["prometheus.io/port"]) == ports["admin"]
    with serving(create_app(ServeSettings(workers=1))) as client:
        kserve = kinds("kserve.yaml")["InferenceService"]["spec"]["predictor"]
        containers = [*pod["spec"]["containers"], *kserve["containers"]]
        probes = [each["httpGet"]["path"] for container in containers
                  for key, each in container.items() if key.endswith("Probe")]  # fmt: skip
        assert len(probes) >= 4
        (health,) = re.findall(r"/v2/health/\w+", DOCKERFILE)
        assert {client.get(path).status_code for path in (*probes, health)} == {200}
        assert all(needed_scope("GET", path) is None for path in probes)
        assert notes["prometheus.io/path"] in create_admin_app(client.app).openapi()["paths"]


def test_what_containers_mount_is_what_their_servers_are_told_to_read() -> None:
    server = deployed("compose.yaml")[0]["services"]["server"]  # type: ignore[index]
    pod = kinds("kubernetes.yaml")["Deployment"]["spec"]["template"]["spec"]
    kserve = kinds("kserve.yaml")["InferenceService"]["spec"]["predictor"]
    mounted = {
        "compose.yaml": [each.split(":")[1] for each in server["volumes"]],
        "kubernetes.yaml": [each["mountPath"] for each in pod["containers"][0]["volumeMounts"]],
        "kserve.yaml": [each["mountPath"] for each in kserve["containers"][0]["volumeMounts"]],
    }  # fmt: skip
    for name, places in mounted.items():
        for words in started_by(name).values():
            for path in (word for word in words if word.startswith("/")):
                assert any(Path(path).is_relative_to(place) for place in places), (name, path)


def test_keys_are_mounted_by_their_folder() -> None:
    """A changed file of keys is another file: mounted alone, a revoked key would go on counting."""
    server = deployed("compose.yaml")[0]["services"]["server"]  # type: ignore[index]
    pod = kinds("kubernetes.yaml")["Deployment"]["spec"]["template"]["spec"]
    kserve = kinds("kserve.yaml")["InferenceService"]["spec"]["predictor"]
    folders = {
        "compose.yaml": {each.split(":")[1] for each in server["volumes"]},
        **{
            name: {
                each["mountPath"]
                for each in found["containers"][0]["volumeMounts"]
                if "subPath" not in each
            }
            for name, found in (("kubernetes.yaml", pod), ("kserve.yaml", kserve))
        },
    }
    for name, mounted in folders.items():
        for words in started_by(name).values():
            assert str(Path(words[words.index("--keys") + 1]).parent) in mounted, name


def test_no_more_is_read_at_once_than_the_memory_holds() -> None:
    """On a machine of 64 cores a decoder for each would end a container of two gigabytes."""
    server = deployed("compose.yaml")[0]["services"]["server"]  # type: ignore[index]
    pod = kinds("kubernetes.yaml")["Deployment"]["spec"]["template"]["spec"]
    kserve = kinds("kserve.yaml")["InferenceService"]["spec"]["predictor"]
    memory = {
        "compose.yaml": server["deploy"]["resources"]["limits"]["memory"],
        "kubernetes.yaml": pod["containers"][0]["resources"]["limits"]["memory"],
        "kserve.yaml": kserve["containers"][0]["resources"]["limits"]["memory"],
    }
    for name, limit in memory.items():
        (words,) = started_by(name).values()
        n_workers = int(words[words.index("--workers") + 1])
        assert int(limit[0]) * 2**30 >= (n_workers + 1) * 400 * 2**20, name


def test_a_replica_is_forgotten_before_it_stops() -> None:
    """F6: a service sends requests for seconds to a replica that is told to go."""
    pod = kinds("kubernetes.yaml")["Deployment"]["spec"]["template"]["spec"]
    command, pause = pod["containers"][0]["lifecycle"]["preStop"]["exec"]["command"]
    doors = Doors()

    assert (command, int(pause) >= 5) == ("sleep", True)
    assert pod["terminationGracePeriodSeconds"] > int(pause) + doors.notice_s + doors.drain_s + 2


def test_kserve_takes_the_same_image() -> None:
    container = kinds("kserve.yaml")["InferenceService"]["spec"]["predictor"]["containers"][0]
    image = kinds("kubernetes.yaml")["Deployment"]["spec"]["template"]["spec"]["containers"][0]

    assert container["image"] == image["image"]
    assert container["readinessProbe"]["httpGet"]["path"] == "/v2/health/ready"


def test_tests_gate_release_and_deploy() -> None:
    """S2-02."""
    jobs = WORKFLOW["jobs"]
    steps = [step.get("run", "") for step in jobs["test"]["steps"]]

    assert "scripts/test" in steps
    for name in set(jobs) - {"test"}:
        assert "refs/tags/v" in jobs[name]["if"]
        assert _needs(jobs, name) & {"test"}, name


def test_only_what_stands_on_the_release_branch_is_released() -> None:
    """S2-02: a tag alone may stand on any branch."""
    jobs = WORKFLOW["jobs"]
    fetched, checked = jobs["build"]["steps"][:2]

    assert fetched["with"]["fetch-depth"] == 0  # else the branch is not there to compare with
    assert checked["run"] == 'git merge-base --is-ancestor "$GITHUB_SHA" origin/main'
    for name in set(jobs) - {"test", "build"}:
        assert "build" in _needs(jobs, name), name


def _needs(jobs: dict[str, dict], name: str) -> set[str]:  # type: ignore[type-arg]
    direct = jobs[name].get("needs", [])
    direct = {direct} if isinstance(direct, str) else set(direct)
    return direct.union(*(_needs(jobs, each) for each in direct))


def test_the_proxy_s_configuration_is_valid(tmp_path: Path) -> None:
    if shutil.which("nginx") is None:
        pytest.skip("nginx is not installed")
    text = (REPOSITORY / "deploy" / "nginx.conf").read_text(encoding="utf-8")
    # What only a network of containers has: names that come and go.
    text = text.replace("server server:8080 resolve", "server 127.0.0.1:8080")
    text = re.sub(r"^ *resolver .*$", "", text, flags=re.M)
    text = text.replace("/var/cache/nginx/body", str(tmp_path / "body"))
    (tmp_path / "nginx.conf").write_text(f"pid {tmp_path}/pid;\n{text}", encoding="utf-8")

    done = subprocess.run(
        ["nginx", "-t", "-c", tmp_path / "nginx.conf"], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr


def test_the_proxy_has_the_timeouts_and_limits_that_the_server_lacks() -> None:
    text = (REPOSITORY / "deploy" / "nginx.conf").read_text(encoding="utf-8")
    for rule in ("client_header_timeout", "client_body_timeout", "client_max_body_size",
                 "proxy_next_upstream error", "limit_conn"):  # fmt: skip
        assert rule in text


def test_ray_s_arguments_are_those_that_there_are() -> None:
    (application,) = deployed("ray.yaml")[0]["applications"]  # type: ignore[misc]

    assert application["import_path"] == "plainfilm.serve.on_ray:app"
    found = Arguments(**application["args"])
    assert found.replicas >= 2
    assert not found.anyone


@pytest.mark.slow
def test_the_steps_from_training_to_serving_run_as_written(
    story: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """S2-02: each step of the page is a verb that ends well, and the last one is undone."""
    page = (REPOSITORY / "docs" / "how-to" / "deploy.md").read_text(encoding="utf-8")
    steps = re.findall(r"^\| [^|]+ \| `plainfilm ([^`|]+)` \|$", page, re.M)
    verbs = [step.split()[0] for step in steps]
    assert verbs == ["train", "export", "evaluate", "compare", "explain", *["bundles"] * 6]
    shutil.copytree(story / "run", tmp_path / "run")  # trained already: the verb goes on
    for folder in ("films", "prepared"):
        shutil.copytree(story / folder, tmp_path / folder)
    shutil.copytree(story / "report", tmp_path / "report-of-old")
    shutil.copy(story / "recipes" / "pneumonia-paediatric.toml", tmp_path / "recipe.toml")
    film = next((story / "films" / "chest_xray" / "test" / "NORMAL").iterdir())
    header = {"PatientAge": "004Y", "ViewPosition": "PA", "BodyPartExamined": "CHEST"}
    drawn = np.asarray(Image.open(film).convert("L"))
    (tmp_path / "chest.dcm").write_bytes(dicom_file(drawn, **header))
    monkeypatch.chdir(tmp_path)
    from drawn_story import run  # not above: it brings torch

    answers = []
    for step in steps:
        if "publish" in step:  # what has served until now
            run(["bundles", "publish", "new.bundle", "--repository", "bundles/"])
            run(["bundles", "promote", NAME, "1", "--repository", "bundles/"])
        words = [{"NAME": NAME, "VERSION": "2"}.get(word, word) for word in shlex.split(step)]
        # A drawn film is unlike what two epochs learned from.
        run([*words, "--outside-population"] if words[0] == "explain" else words)
        answers.append(load_policy(tmp_path / "bundles" / NAME))
    shadow, canary, stable, back = answers[-4:]
    assert (shadow.stable, shadow.shadow, shadow.canary) == (1, 2, None)
    assert (canary.stable, canary.shadow, canary.canary, canary.percent) == (1, None, 2, 5)
    assert (stable.stable, stable.on_trial) == (2, frozenset())
    assert back.stable == 1
    assert "Wrote new.bundle" in capsys.readouterr().err


@pytest.mark.slow
def test_the_gate_stays_shut_for_what_is_worse(
    story: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """S2-02."""
    from plainfilm.evaluation.table import Predictions  # not above: the learning wing's packages

    real = Predictions.load(story / "report" / "predictions.parquet")
    (tmp_path / "perfect").mkdir()
    perfect = replace(real, scores=np.nan_to_num(real.labels).astype(real.scores.dtype))
    perfect.save(tmp_path / "perfect" / "predictions.parquet")
    words = ["compare", str(tmp_path / "perfect"), str(story / "report"), "--no-worse-by", "0.02"]

    assert main(words[:3]) == 0
    assert main(words) == 1
    assert "not shown to be within 0.02" in capsys.readouterr().err
