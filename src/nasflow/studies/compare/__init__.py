"""The same search by several contenders, at equal budget, from several seeds: who finds better networks?"""

from nasflow.studies.compare.contenders import Contender, contenders, searches
from nasflow.studies.compare.tables import compare_tables
from nasflow.studies.compare.tally import Ledgers, Tally, rounds, tallies

__all__ = [
    "Contender",
    "Ledgers",
    "Tally",
    "compare_tables",
    "contenders",
    "rounds",
    "searches",
    "tallies",
]
