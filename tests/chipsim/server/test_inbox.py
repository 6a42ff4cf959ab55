"""Requests by their numbers: whatever a wire does, each is carried out once and in order."""

from hypothesis import given
from hypothesis import strategies as st

from chipsim.server.inbox import Admission, Inbox, MessageRate
from chipsim.wire import ROUND


@given(st.lists(st.integers(1, 12), max_size=200), st.integers(1, 4), st.sampled_from([0, ROUND - 5]))
def test_each_request_is_carried_out_once_and_in_order(arrivals, in_flight, before):
    """From the first number on, or from one after which they go round. Requests are named by their place."""
    inbox, done = Inbox(in_flight), []
    inbox.expected = number_of(1, before)
    for place in arrivals:
        sequence = number_of(place, before)
        verdict = inbox.judge(sequence)
        if verdict is Admission.CARRY_OUT:
            done.append(place)
            inbox.replied(sequence, [b"reply to %d" % place])
        elif verdict is Admission.REPEAT:
            assert inbox.reply(sequence) == [b"reply to %d" % place]
        elif verdict is Admission.GAP:
            assert place > len(done) + 1
        else:
            assert place <= len(done) - in_flight, "its reply was needed no more"
    assert done == list(range(1, len(done) + 1))
    assert inbox.expected == number_of(len(done) + 1, before)


def number_of(place, before):
    """The place-th number after `before`."""
    return (before + place - 1) % ROUND + 1


def test_a_request_that_is_being_carried_out_is_not_begun_again():
    inbox = Inbox(4)
    assert inbox.judge(1) is Admission.CARRY_OUT
    assert inbox.judge(1) is Admission.WAIT
    inbox.replied(1, [b"x"])
    assert inbox.judge(1) is Admission.REPEAT


def test_large_replies_are_kept_until_the_next_request_only():
    inbox = Inbox(4)
    inbox.judge(1)
    inbox.replied(1, [bytes(5 << 20)])
    assert inbox.judge(1) is Admission.REPEAT
    inbox.judge(2)
    assert inbox.judge(1) is Admission.WAIT


def test_a_rate_is_kept(monkeypatch):
    now = [0.0]
    monkeypatch.setattr("chipsim.server.inbox.monotonic", lambda: now[0])
    rate = MessageRate(100.0)
    assert rate.take(80) and not rate.take(80)
    now[0] = 0.5
    assert rate.take(70) and not rate.take(1)
    now[0] = 100.0
    assert rate.take(1000), "what is more than a second's worth takes all of it"
    assert not rate.take(1)
    now[0] = 100.25
    taken = sum(rate.take(1) for _ in range(100))
    assert taken == 25
