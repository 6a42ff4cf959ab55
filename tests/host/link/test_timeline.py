"""Timelines: how much of the host's work cost no time, and the picture of it."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from chipsim.wire import Times
from host.link.remote.chip_clock import ChipClock, draw_request
from host.link.timeline import HOST_WORK, Span, Timeline, overlap
from host.plots import busy, draw, save_timeline

S = 10**9
spans = st.lists(
    st.tuples(
        st.sampled_from([("host", "encode"), ("host", "pack"), ("host", "wait"), ("chip", "learn"), ("wire", "down")]),
        st.integers(0, 40),
        st.integers(1, 15),
    ).map(lambda drawn: Span(*drawn[0], drawn[1] * S, (drawn[1] + drawn[2]) * S)),
    min_size=1,
    max_size=12,
)


@given(spans)
def test_overlap_is_that_of_seconds_counted_one_by_one(drawn):
    host, chip = np.zeros(60, bool), np.zeros(60, bool)
    for span in drawn:
        seconds = slice(span.begin_ns // S, span.end_ns // S)
        if span.lane == "chip":
            chip[seconds] = True
        elif span.kind in HOST_WORK:
            host[seconds] = True
    found = overlap(drawn)
    assert found.host_s == host.sum() and found.chip_s == chip.sum()
    assert found.hidden_s == pytest.approx((host & chip).sum())
    assert found.hidden == pytest.approx((host & chip).sum() / host.sum() if host.any() else 1)
    assert found.seconds == (max(s.end_ns for s in drawn) - min(s.begin_ns for s in drawn)) / S


@given(spans)
def test_the_overview_shows_all_busy_time(drawn):
    start, end = min(s.begin_ns for s in drawn), max(s.end_ns for s in drawn)
    chip = [span for span in drawn if span.lane == "chip"]
    share = busy(chip, start, (end - start) / S)
    assert share.min() >= -1e-9 and share.max() <= 1 + 1e-9
    assert share.mean() * (end - start) / S == pytest.approx(overlap(drawn).chip_s, abs=1e-6)


def test_nothing_at_all():
    assert overlap([]).hidden == 1.0 and overlap([]).chip_waits == 0.0
    assert draw([], "in process").axes


def test_a_picture_of_everything(tmp_path):
    timeline = Timeline()
    for k in range(30):
        timeline.add("host", "encode", k * S, k * S + S // 3)
        timeline.add("chip", "learn", k * S + S // 2, (k + 1) * S)
    with timeline.span("host", "send"):
        pass
    assert save_timeline(timeline, "$a^b$ {x}", tmp_path).read_bytes().startswith(b"\x89PNG")
    figure = draw(timeline.spans(), "in process")
    rows = [label.get_text() for label in figure.axes[1].get_yticklabels()]
    assert rows == ["host prepares", "host packs, sends", "chip"]
    assert "0% of the host's work" in figure.axes[0].get_title()


def test_clocks_of_one_machine_agree_and_others_are_brought_together():
    same, other = ChipClock(), ChipClock()
    for sent in range(0, 1000, 100):
        same.record(sent, Times(sent + 10, sent + 20, sent + 30, sent + 50), sent + 60)
        other.record(sent, Times(sent + 5010, sent + 5020, sent + 5030, sent + 5050), sent + 60)
    assert same.ahead_ns == 0
    assert other.ahead_ns == 5000
    timeline = Timeline()
    draw_request(timeline, other, "learn", 2000, Times(7010, 7020, 7030, 7050), 2060)
    assert [(s.kind, s.begin_ns, s.end_ns) for s in timeline.spans()] == [
        ("down", 2000, 2010),
        ("unpack", 2020, 2030),
        ("learn", 2030, 2050),
        ("up", 2050, 2060),
    ]
