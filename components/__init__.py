"""Kubeflow components: one folder each, a thin wrapper round one method of `nasflow.steps.pods.Pod`."""
