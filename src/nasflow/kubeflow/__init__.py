"""Kubeflow Pipelines as nasflow uses it: runs by name, behind one Protocol."""

from nasflow.kubeflow.protocol import Arguments, Kubeflow, RunState, RunView

__all__ = ["Arguments", "Kubeflow", "RunState", "RunView"]
