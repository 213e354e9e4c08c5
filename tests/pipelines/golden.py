"""The compiled pipelines as they are committed: `python -m tests.pipelines.golden` writes them anew."""

from functools import cache
from pathlib import Path

from nasflow.pipelines import compile_comparison, compile_pipelines
from nasflow.search.cluster import Cluster

FOLDER = Path(__file__).with_name("golden")

CLUSTERS = {
    "fused": Cluster.model_validate({"image": "nasflow:golden", "rounds_per_run": 2}),
    "steps": Cluster.model_validate(
        {
            "image": "nasflow@sha256:" + 64 * "0",
            "namespace": "team",
            "layout": "steps",
            "rounds_per_run": 2,
            "parallelism": 7,
            "retries": 5,
            "secret": None,
            "queue": "gpus",
            "light": {"cpu": "500m", "memory": "2Gi"},
            "train": {
                "cpu": "4",
                "memory": "16Gi",
                "accelerator": "nvidia.com/gpu",
                "node_selector": {"pool": "spot"},
                "tolerations": [
                    {"key": "spot", "operator": "Exists"},
                    {"key": "pool", "value": "gpu", "effect": "NoSchedule"},
                ],
                "timeout": 7200,
            },
        }
    ),
    "workers": Cluster.model_validate(
        {"image": "nasflow:golden", "layout": "workers", "parallelism": 6, "lanes": 2}
    ),
}
"""The defaults, a cluster that sets everything, and the layout that is another pipeline."""


@cache
def compiled() -> dict[str, str]:
    """All pipelines by file name, compiled once a process: it takes seconds."""
    return {
        f"{name}-{kind}.yaml": data.decode()
        for name, cluster in CLUSTERS.items()
        for kind, data in _all(cluster).items()
    }


def _all(cluster: Cluster) -> dict[str, bytes]:
    return compile_pipelines("golden", cluster) | {"compare": compile_comparison("golden", cluster, 3)}


def main() -> None:
    """Write them all."""
    FOLDER.mkdir(exist_ok=True)
    for name, text in compiled().items():
        (FOLDER / name).write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
