import pytest
from tests.controllers.samples import answers, differing, names, request, results
from tests.search.spaces.samples import GROWN, TINY, network_of

from nasflow.base.errors import InvalidSpec
from nasflow.controllers import Draw, Parent, make_controller
from nasflow.controllers.evolution import MUTATION_TRIES, Population
from nasflow.search.controller import EvolutionController
from nasflow.search.spaces import PathSpace

SPEC = EvolutionController(population=4, tournament=2)
SPACE = PathSpace()


def grown(space: PathSpace = SPACE, children: int = 4) -> tuple[bytes, list[Draw]]:
    """The state after a first round, whose n-th child was worth n; and its children."""
    controller = make_controller(SPEC, 0)
    draws = controller.propose(None, request(space=space, count=children))
    state, _ = controller.learn(None, results(draws, [float(n) for n in range(children)], space=space))
    assert state
    return state, draws


def test_the_newest_live() -> None:
    """The population is the newest children that did not fail, the oldest first."""
    state, draws = grown(children=3)
    controller = make_controller(SPEC, 0)
    more = controller.propose(state, request(space=SPACE, seed=1, count=4))
    state_after, _ = controller.learn(state, results(more, [None, 7.0, 8.0, 9.0], space=SPACE))
    assert state_after
    members = Population.from_json(state_after, "here").members
    assert [each.reward for each in members] == [2.0, 7.0, 8.0, 9.0]
    assert members[0].decisions == draws[2].decisions


def test_children_are_mutants() -> None:
    """Once there are enough members, each child is one decision away from one of them."""
    state, draws = grown()
    children = make_controller(SPEC, 0).propose(state, request(space=SPACE, seed=1, count=6))
    members = [answers(SPACE, draw.decisions) for draw in draws]
    for child in children:
        found = answers(SPACE, child.decisions)
        assert any(len(differing(member, found)) == 1 for member in members)
        assert child.parent is None


def parents(draws: list[Draw]) -> tuple[Parent, ...]:
    """A trained record of each draw."""
    return tuple(Parent(f"record {n}", draw.network, float(n)) for n, draw in enumerate(draws))


def test_a_mutant_grows_from_its_member() -> None:
    """Where children may grow from any record, each names the member's, and edits of the space make it."""
    state, draws = grown()
    known = parents(draws)
    wanted = request(space=SPACE, seed=1, count=6, taken=frozenset(names(draws)), parents=known)
    children = make_controller(SPEC, 0).propose(state, wanted)
    assert len(children) == 6
    networks = {parent.id: parent.network for parent in known}
    named = [child for child in children if child.parent]
    assert named
    for child in named:
        assert SPACE.edits(networks[str(child.parent)], child.network) is not None


def test_members_without_a_record() -> None:
    """Where no member left a record, mutants have no wish, and are mutants all the same."""
    state, draws = grown(TINY)
    other = (Parent("another", network_of(GROWN), 0.0),)
    wanted = request(seed=1, count=5, taken=frozenset(names(draws)), parents=other)
    children = make_controller(SPEC, 0).propose(state, wanted)
    assert [child.parent for child in children] == [None] * 5
    assert all(child.tries <= MUTATION_TRIES for child in children)


def test_a_state_that_is_text_of_another_kind() -> None:
    """A document that is no population is refused in one line."""
    for state in (b'{"members": [{"reward": 1}]}', b'{"schema_version": 2}'):
        with pytest.raises(InvalidSpec, match="state of the evolution: "):
            make_controller(SPEC, 0).propose(state, request())


def test_networks_are_known_by_name() -> None:
    """A member whose network is a parent's but for the order of its sums is that parent."""
    state, draws = grown()
    known = tuple(Parent(each.id, each.network.canonical(), each.score) for each in parents(draws))
    wanted = request(space=SPACE, seed=1, count=6, taken=frozenset(names(draws)), parents=known)
    assert any(child.parent for child in make_controller(SPEC, 0).propose(state, wanted))
