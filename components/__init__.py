"""Kubeflow components: one folder each, a thin wrapper round one function of `nasflow.steps.pods`."""
