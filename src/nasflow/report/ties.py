"""How it was decided among networks whose figures are equal."""

from nasflow.report.figures import plural
from nasflow.search.ledger import Ledger


def ties_sentence(ledger: Ledger) -> str:
    """One sentence, where the choice was among equals; else nothing."""
    winner = ledger.chosen
    # At full size the held-out loss decides, which is hardly ever equal.
    if winner is None or ledger.shortlist or ledger.config.objective.pareto:
        return ""
    (worth, *worths) = ledger.config.judge.worths((winner, *ledger.children))
    same = {each.child for each, other in zip(ledger.children, worths, strict=True) if other == worth}
    others = len(same - {winner.child})
    if not others:
        return ""
    does = "reaches" if others == 1 else "reach"
    return (
        f"{plural(others, 'other child', 'other children')} {does} the same figure: of equals the one with "
        "fewer parameters is chosen, then the one that was proposed first."
    )
