"""CO-1 and CO-2 on the simulated cache: what a long mixed session costs."""

from __future__ import annotations

from pathlib import Path

import pytest

from coder.agent.room import Batch, Room
from tests.support.mixed import play, renewal

SEEDS = (0, 3, 5, 8)  # 5 and 8 are the dearest of 24, 3 has one of the largest contexts
NOTHING_CLEARED = Room(window=1_000_000, auto=False, clearing=Batch(above=10**9))


@pytest.mark.behaviour("B-571")
async def test_a_mixed_session_stays_cheap_and_small(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    shares, peaks, hits = [], [], []
    for seed in SEEDS:
        whole, _ = await play(seed, NOTHING_CLEARED)
        kept, _ = await play(seed, Room(renewal=renewal, folder=tmp_path / str(seed)))
        hits.append(whole.hit_rate)
        shares.append(kept.cost / whole.uncached_cost)
        peaks.append(kept.peak)
    with capsys.disabled():
        shown = ", ".join(f"{share:.1%}" for share in shares)
        print(f"\nmixed session: hit rate {min(hits):.1%}, cost {shown}, peak {max(peaks):,} tokens")
    assert min(hits) >= 0.95
    assert max(shares) <= 0.10
    assert max(peaks) <= 100_000
