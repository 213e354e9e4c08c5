"""A trained network as files that need no nasflow: one Python file with its weights, or ONNX."""

from nasflow.export.code import Code, write_code
from nasflow.export.onnx import what_onnx_lacks, write_onnx

__all__ = ["Code", "what_onnx_lacks", "write_code", "write_onnx"]
