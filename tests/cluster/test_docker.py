"""The cluster's components in containers of this machine."""

from pathlib import Path

import pytest
from tests.cluster.reach import IMAGE, ONE_ROUND, assert_same_as_inline, assert_shown
from tests.images.containers import docker
from tests.steps.samples import config, open_archive

from nasflow.backends.local import run_components
from nasflow.search.cluster import Cluster
from nasflow.steps.begin import begin

pytestmark = pytest.mark.cluster


@pytest.fixture
def image() -> str:
    """The image, if there is an engine that has it."""
    try:
        found = docker("image", "inspect", IMAGE)
    except OSError:
        pytest.skip("docker is not on PATH")
    if found.returncode != 0:
        pytest.skip(f"Docker has no image {IMAGE}: {found.stdout.strip()[-200:]}")
    return IMAGE


def test_a_whole_search(image: str, s3_url: str, server_uri: str, tmp_path: Path) -> None:
    """A search in read-only containers ends in the ledger of one process, and MLflow shows each child."""
    archive, said = open_archive(s3_url), list[str]()
    begin(archive, config(**ONE_ROUND))
    run_components(archive, "tiny", Cluster(image=image, rounds_per_run=2), "docker", server_uri, said.append)
    assert any(line.startswith("nasflow: propose tiny") for line in said)
    assert_same_as_inline(s3_url, config(**ONE_ROUND), tmp_path)
    assert_shown(s3_url, "tiny", server_uri)
