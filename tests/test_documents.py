"""What README and docs/ say to type: it works as it stands, and what they link to is there."""

from __future__ import annotations

import re
import shlex
import shutil
from pathlib import Path

import cv2
import pytest

from openface_bridge.cli import main as openface_bridge
from openface_bridge.fixtures import embedded
from openface_bridge.pictures import read_picture
from pyclnf.cli import main as pyclnf

ROOT = Path(__file__).resolve().parents[1]
DOCUMENTS = [
    ROOT / "README.md",
    ROOT / "CONTRIBUTING.md",
    *sorted((ROOT / "docs").glob("*.md")),
]
CODE = re.compile(r"^```python\n(.*?)^```", re.MULTILINE | re.DOTALL)
LINK = re.compile(r"\]\(([^)\s]+)\)")
TYPED = re.compile(
    r"^ {4,}(?:[A-Z_]+=\S+ )?(pyclnf|python -m openface_bridge) ([a-z](?:.*\\\n)*.*)$", re.MULTILINE
)
OPTION = re.compile(r"(?<![\w-])--?[a-zA-Z0-9][\w-]*")


def name_of(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def anchors_of(path: Path) -> set[str]:
    """What GitHub calls the headings of a document."""
    headings = re.findall(r"^#+ (.+)$", path.read_text("utf-8"), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", each.lower()).replace(" ", "-") for each in headings}


@pytest.mark.parametrize("document", DOCUMENTS, ids=name_of)
def test_links(document: Path):
    for link in LINK.findall(document.read_text("utf-8")):
        if not link.startswith("https://"):
            path, _, anchor = link.partition("#")
            target = document.parent / path if path else document
            assert target.exists(), link
            assert not anchor or anchor in anchors_of(target), link


@pytest.fixture
def workplace(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with a picture and a video, on a machine with models: the embedded ones."""
    fixtures = embedded()
    models = tmp_path / "models"
    shutil.copytree(fixtures.whole_model.parent, models / "openface")
    shutil.copytree(fixtures.model.parent, models / "model")
    manifest = models / "openface" / fixtures.whole_model.name
    text = manifest.read_text("utf-8")
    manifest.write_text(re.sub(r"(\w+_eye) (\d)", r"\1_28 \2", text), "utf-8")
    monkeypatch.setenv("PYCLNF_MODELS", str(models))
    monkeypatch.chdir(tmp_path)
    face = next(face for face in fixtures.faces if face.name == "frontal01")
    picture = read_picture(face.picture)
    Path("face.jpg").write_bytes(face.picture.read_bytes())  # not as JPEG: the detector is small
    height, width = picture.shape[:2]
    video = cv2.VideoWriter("clip.avi", cv2.VideoWriter.fourcc(*"MJPG"), 30, (width, height))
    for _ in range(2):
        video.write(picture)
    video.release()
    return tmp_path


@pytest.mark.parametrize("document", ["README.md", "docs/library.md"])
def test_code(document: str, workplace: Path):
    """All of a document's code, from top to bottom."""
    names: dict[str, object] = {}
    blocks = CODE.findall((ROOT / document).read_text("utf-8"))
    assert blocks
    for block in blocks:
        exec(compile(block, document, "exec"), names)


def commands() -> list[tuple[str, list[str], set[str]]]:
    """The commands that documents say to type: whose, which, and the options given to it."""
    found = []
    for document in DOCUMENTS:
        for who, line in TYPED.findall(document.read_text("utf-8")):
            words = shlex.split(line.replace("\\\n", " "), comments=True)
            depth = 2 if words[0] == "model" else 1
            options = {word.partition("=")[0] for word in words if OPTION.match(word)}
            found.append((who, words[:depth], options))
    return found


@pytest.mark.parametrize(("who", "command", "options"), commands())
def test_commands(
    who: str, command: list[str], options: set[str], capsys: pytest.CaptureFixture[str]
):
    """Every option is one of its command."""
    run = pyclnf if who == "pyclnf" else openface_bridge
    with pytest.raises(SystemExit) as ended:
        run([*command, "--help"])
    assert ended.value.code == 0
    assert options <= set(OPTION.findall(capsys.readouterr().out))
