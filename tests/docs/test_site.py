import re
import shutil
import subprocess
import sys
from pathlib import Path

import yaml
from tests.docs.pages import ROOT


def test_the_site(tmp_path: Path) -> None:
    """It builds without a warning, has each page in its contents, and loads nothing from elsewhere."""
    settings = (ROOT / "mkdocs.yml").read_text()
    shutil.copy(ROOT / "mkdocs.yml", tmp_path)
    shutil.copytree(ROOT / "docs", tmp_path / "docs")
    built = subprocess.run(
        [Path(sys.executable).with_name("zensical"), "build", "--strict"],
        cwd=tmp_path,
        check=False,
        capture_output=True,
        text=True,
    )
    assert built.returncode == 0, built.stdout + built.stderr
    site = tmp_path / "build/site"
    pages = {path.relative_to(site) for path in (site).rglob("*.html")}
    assert {path.with_suffix(".md").as_posix() for path in pages} - {"404.md"} == set(listed(settings))
    for page in pages:
        text = (site / page).read_text()
        assert not re.findall(r"<(?:script|link)[^>]+(?:src|href)=\"?https?://", text), page


def listed(settings: str) -> list[str]:
    """The pages in the contents."""
    plain = yaml.safe_load(settings.replace("!!python/name:", ""))

    def walk(part: object) -> list[str]:
        if isinstance(part, str):
            return [part]
        below = part.values() if isinstance(part, dict) else part
        assert isinstance(below, list | type({}.values()))
        return [name for each in below for name in walk(each)]

    return walk(plain["nav"])
