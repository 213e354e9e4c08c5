"""Several searches beside each other, at equal budget: who finds better networks?"""

from nasflow.report.compare.rounds import draw_rounds, gaps
from nasflow.report.compare.tables import compare_tables
from nasflow.report.compare.tally import Ledgers, Tally, tallies

__all__ = ["Ledgers", "Tally", "compare_tables", "draw_rounds", "gaps", "tallies"]
