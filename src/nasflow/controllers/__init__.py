"""Who proposes: controllers know questions, answers, parents and scores, nothing of weights or stores."""

from nasflow.controllers.make import make_controller
from nasflow.controllers.protocol import Controller, Draw, Lesson, Parent, Request, Results

__all__ = ["Controller", "Draw", "Lesson", "Parent", "Request", "Results", "make_controller"]
