"""Which packages the project has: two of its rooms and its examples stand at the top, all else in src."""

from setuptools import find_namespace_packages, find_packages, setup

AT_THE_TOP = ("components", "pipelines", "examples")
"""Where users, and those of Kubeflow, look for them."""

setup(
    package_dir={"": "src"} | {f"nasflow.{room}": room for room in AT_THE_TOP},
    packages=[
        # Of namespaces too: templates are a folder without Python.
        *find_namespace_packages("src", exclude=["*.__pycache__"]),
        *(f"nasflow.{name}" for name in find_packages(include=[f"{room}*" for room in AT_THE_TOP])),
    ],
)
