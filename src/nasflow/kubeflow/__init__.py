"""Kubeflow Pipelines as nasflow uses it: runs by name, behind one Protocol."""

from nasflow.kubeflow.protocol import Kubeflow, RunState, RunView

__all__ = ["Kubeflow", "RunState", "RunView"]
