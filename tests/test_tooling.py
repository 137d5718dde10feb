"""Does the repository hold together: commands, requirements, settings, templates?"""

import re
import shutil
import subprocess
from itertools import pairwise

import pytest
from django.conf import settings
from django.template.loader import get_template
from django.template.utils import get_app_template_dirs

REQUIREMENTS = ("requirements.txt", "requirements-dev.txt")
# The hosts are spelled in two halves, so that this file does not name one either.
REGISTRIES = re.compile(
    "|".join(["pypi" + r"\.org", "python" + "hosted", "npm" + r"js\.", "index" + "-url"])
)


@pytest.fixture(scope="module")
def tracked(repository) -> list[str]:
    """The files that the repository holds."""
    if shutil.which("git") is None:
        pytest.skip("git is not installed")
    listed = subprocess.run(["git", "ls-files"], cwd=repository, capture_output=True, text=True)
    if listed.returncode:
        pytest.skip("not a git repository")
    return [name for name in listed.stdout.splitlines() if (repository / name).is_file()]


def pinned(repository, name):
    """Return package -> the text of its requirement, hashes included."""
    text = (repository / name).read_text()
    return {part.partition("==")[0]: part for part in re.split(r"\n(?=[a-z0-9])", text)[1:]}


@pytest.mark.parametrize("name", REQUIREMENTS)
def test_every_requirement_is_pinned_with_hashes(repository, name):
    for package, requirement in pinned(repository, name).items():
        assert re.match(r"[A-Za-z0-9._-]+==\S+", requirement), package
        assert "--hash=sha256:" in requirement, package


def test_the_tests_run_on_the_versions_that_people_run(repository):
    run, test = (pinned(repository, name) for name in REQUIREMENTS)
    assert run.items() <= test.items()


@pytest.mark.parametrize("name", ["requirements.in", "requirements-dev.in"])
def test_every_dependency_has_its_reason_above_it(repository, name):
    lines = (repository / name).read_text().splitlines()
    for above, line in pairwise(lines):
        if line and not line.startswith(("#", "-c")):
            assert above.startswith("# "), f"no reason above {line}"


@pytest.mark.parametrize("name", ["requirements.in", "requirements-dev.in"])
def test_every_named_dependency_is_locked(repository, name):
    locked = {package.lower() for package in pinned(repository, "requirements-dev.txt")}
    for line in (repository / name).read_text().splitlines():
        if line and not line.startswith(("#", "-c")):
            assert re.split(r"[\[<>=]", line)[0].lower().replace("_", "-") in locked


def test_no_file_names_a_package_registry(repository, tracked):
    for name in tracked:
        text = (repository / name).read_bytes().decode("utf-8", "ignore")
        assert not REGISTRIES.search(text), name


def settings_read(repository):
    source = (repository / "config" / "settings.py").read_text()
    return set(re.findall(r"env\.\w+\(\s*\"([A-Z_]+)\"", source)) - {"ENV_FILE"}


def test_the_example_lists_every_setting_and_no_other(repository):
    example = (repository / ".env.example").read_text()
    listed = set(re.findall(r"^#? ?([A-Z][A-Z_]+)=", example, flags=re.MULTILINE))
    sources = {name for name in listed if name.startswith("PRICE_SOURCE_")}
    assert listed - sources == settings_read(repository) | {"PORT"}
    assert sources


def test_the_example_is_a_valid_environment_without_a_secret(repository):
    for line in (repository / ".env.example").read_text().splitlines():
        assert not line or line.startswith("#"), "a copied example must change nothing"


def test_every_make_command_is_explained_and_exists(repository):
    makefile = (repository / "Makefile").read_text()
    (phony,) = re.findall(r"^\.PHONY: (.+)$", makefile, flags=re.MULTILINE)
    explained = set(re.findall(r"^([a-z-]+):.*## \S", makefile, flags=re.MULTILINE))
    assert explained == set(phony.split())
    for script in re.findall(r"scripts/\w+\.\w+", makefile):
        assert (repository / script).is_file(), script


def template_names():
    folders = [settings.BASE_DIR / "templates", *get_app_template_dirs("templates")]
    own = [folder for folder in folders if ".venv" not in folder.parts]
    return sorted(
        str(path.relative_to(folder))
        for folder in own
        for path in folder.rglob("*")
        if path.suffix in {".html", ".txt", ".svg", ".css"}
    )


@pytest.mark.parametrize("name", template_names())
def test_every_template_compiles(name):
    get_template(name)
