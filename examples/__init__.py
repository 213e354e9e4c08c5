"""Configurations to start from, as data of the package: `nasflow init --example NAME` copies one."""
