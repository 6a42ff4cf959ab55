"""Which kernel is chosen: never one that lacks what is asked, and so few that all of them can be compiled and tried."""

from itertools import product

from all_plans import EFFECTS, MIXES, NEURONS, ROWS, RULE, SETTLED
from hypothesis import given
from hypothesis import strategies as st

from chipsim.kernel import Order, Plan, When
from chipsim.kernel.plan import settled
from learning_circuit import Rows

mixes = st.sampled_from(MIXES)
NARROW = (When.NEVER, When.ALWAYS)
# Whatever a plan may say, also what no chip asks for.
plans = st.builds(
    Plan,
    order=st.sampled_from(Order),
    image=st.booleans(),
    learns=st.booleans(),
    neuron=st.sampled_from((*NEURONS, "another")),
    rule=st.sampled_from(("", RULE, "another")),
    rows=st.sampled_from(((), *ROWS, (Rows.ALL,), (Rows.SPIKES, Rows.TRACES))),
    current=st.sampled_from(("spikes", "constant")),
    exponential=st.sampled_from(NARROW),
    scaled=st.sampled_from(NARROW),
    noise=st.sampled_from(NARROW),
    missed=st.sampled_from(NARROW),
    probed=st.sampled_from(NARROW),
    write=st.sampled_from(("direct", "codes", "devices")),
)


def assert_covers(plan, asked):
    for name in EFFECTS:
        fixed, wanted = getattr(plan, name), getattr(asked, name)
        assert fixed in (wanted, When.ASK), f"{name}: {fixed} where {wanted} is asked"
    assert plan.current in (asked.current, "either")
    assert plan.write in (asked.write, "any")
    for name in ("image", "learns", "neuron", "rule", "rows"):
        assert getattr(plan, name) == getattr(asked, name), name
    if plan.order is Order.WINDOW:
        assert not plan.learns, "weights have to rest"
        disturb = [name for name in EFFECTS if name != "exponential"]
        assert all(getattr(plan, name) is When.NEVER for name in disturb), "and nothing may disturb or look on"


def test_there_are_few():
    assert len(SETTLED) == len(set(SETTLED)) <= 24


def test_each_has_somebody_who_asks_for_it():
    assert {mix.settled for mix in MIXES} == set(SETTLED)


@given(mix=mixes)
def test_whatever_the_built_in_ones_allow_settles_on_one_of_them(mix):
    assert mix.settled in SETTLED
    assert_covers(mix.settled, mix.asked)


@given(asked=plans)
def test_a_settled_plan_covers_what_was_asked(asked):
    assert_covers(settled(asked), asked)


@given(asked=plans)
def test_settling_twice_is_settling_once(asked):
    assert settled(settled(asked)) == settled(asked)


def test_another_neuron_has_kernels_that_ask():
    """What most runs need is compiled for most runs' neuron alone."""
    for mix in MIXES:
        plan = settled(mix.asked._replace(neuron="another"))
        assert plan.order is Order.STEP and all(getattr(plan, name) is When.ASK for name in EFFECTS)


def test_competition_adds_three():
    """One that rests, one that writes devices and one that writes codes: all effects are asked for at run time."""
    ways = [("", (), "direct"), *(("stdp", (Rows.OFFSET_TRACES,), write) for write in ("codes", "devices"))]
    asked = [
        Plan(
            *(Order.COMPETE, False, bool(rule), "winner_take_all", rule, rows, "spikes"),
            *(When.NEVER, When.NEVER, *effects, write),
        )
        for rule, rows, write in ways
        for effects in product(NARROW, repeat=3)
    ]
    assert len({settled(each) for each in asked}) == 3
    for each in asked:
        assert_covers(settled(each), each)
