"""RRandom repeats R's draws to the last bit."""

import csv
import hashlib
import itertools

import numpy as np
import pandas as pd
import pytest
from r_fixtures import FIXTURES

from course.rrandom import RRandom

with open(FIXTURES / "rrandom.csv", newline="", encoding="utf-8") as file:
    DRAWS = list(csv.DictReader(file))


def check(row: dict, drawn: np.ndarray) -> None:
    """Compare a draw with the first numbers and the sum that R wrote."""
    if row["call"].startswith(("runif", "rnorm", "zero")):
        assert [value.hex() for value in drawn[:4].tolist()] == [
            float.fromhex(text).hex() for text in row["first"].split()
        ], row
        data = drawn.astype("<f8")
    else:
        assert drawn[:4].tolist() == list(map(int, row["first"].split())), row
        data = drawn.astype("<i4")
    assert hashlib.md5(data.tobytes()).hexdigest() == row["md5"], row


def draw(rng: RRandom, call: str) -> np.ndarray:
    name, *arguments = call.split()
    return getattr(rng, name)(*map(int, arguments))


def test_fixture_covers_what_is_promised():
    calls = [row["call"] for row in DRAWS]
    for call in ["runif 10000 0 1", "rnorm 10000 0 1", "sample 150 105", "state"]:
        assert len({row["seed"] for row in DRAWS if row["call"] == call}) >= 50
    sizes = {int(call.split()[1]) for call in calls if call.startswith("sample")}
    assert {2, 65535, 65536, 65537, 100_000} <= sizes
    assert max(sizes) > 10_000_000


FRESH = ["runif 10000 0 1", "rnorm 10000 0 1", "sample 150 105", "sample 10000001 20000"]


@pytest.mark.parametrize("call", FRESH)
def test_draws_after_setting_the_seed(call):
    rows = [row for row in DRAWS if row["call"] == call]
    assert rows
    for row in rows:
        check(row, draw(RRandom(int(row["seed"])), call))


def test_calls_in_turn_and_the_state_after_them():
    in_turn = [
        "sample 10 3",
        "runif 5 -1 1",
        "rnorm 7 10 2",
        "sample 100000 50",
        "runif 3 2 2",
        "rnorm 3 5 0",
        "rnorm 300 0 1",
    ]
    for seed in {row["seed"] for row in DRAWS if row["call"] == "state"}:
        rng = RRandom(int(seed))
        rows = {row["call"]: row for row in DRAWS if row["seed"] == seed}
        for call in in_turn:
            check(rows[call], draw(rng, call))
        check(rows["state"], rng.state.astype(np.int32))


def test_permutations_of_many_sizes():
    rows = [row for row in DRAWS if row["call"].startswith("sample")]
    for first, second in itertools.pairwise(rows):
        n, size = first["call"].split()[1:]
        if n != size:
            continue
        rng = RRandom(int(first["seed"]))
        check(first, draw(rng, first["call"]))
        assert second["call"] == f"sample {n} {int(n) // 2}"
        check(second, draw(rng, second["call"]))


def test_zero_is_never_drawn():
    rng = RRandom(1)
    key = np.zeros(624, dtype=np.uint32)
    key[-1] = 1
    rng._bits.state = {"bit_generator": "MT19937", "state": {"key": key, "pos": 0}}
    (row,) = [row for row in DRAWS if row["call"] == "zero"]
    check(row, rng.runif(2))


def test_a_sequence_is_sampled_itself():
    letters = RRandom(5).sample(["a", "b", "c", "d"], 4)
    assert letters.tolist() == np.array(["a", "b", "c", "d"])[RRandom(5).sample(4)].tolist()
    assert RRandom(5).sample([7], 1).tolist() == [7]  # R would draw from 1, ..., 7
    assert set(RRandom(5).sample([1, "a"])) == {1, "a"}  # each keeps its type
    assert sorted(RRandom(5).sample(pd.Series([0.5, 1.5])).tolist()) == [0.5, 1.5]
    assert RRandom(5).sample([]).size == 0


def test_numpy_integers_are_whole_numbers():
    assert RRandom(np.int64(3)).runif(np.int32(2)).tolist() == RRandom(3).runif(2).tolist()


@pytest.mark.parametrize("seed", [1.0, "123", None, True, 1.5])
def test_seed_that_is_no_whole_number(seed):
    with pytest.raises(TypeError, match=r"expects a whole number as seed.*Received: .*Use an int"):
        RRandom(seed)


@pytest.mark.parametrize("seed", [2**31, -(2**31)])
def test_seed_outside_the_range_of_r(seed):
    with pytest.raises(ValueError, match=rf"2147483647.*Received: {seed}.*smaller"):
        RRandom(seed)


def test_sample_larger_than_the_population():
    with pytest.raises(ValueError, match=r"at most the population, 10.*size=11.*Ask for fewer"):
        RRandom(1).sample(10, 11)


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda r: r.sample(10, -1), ValueError, "size from 0 to 2147483647.*Received: -1"),
        (lambda r: r.sample(-1), ValueError, r"from 0 to 2\*\*52.*-1.*Give"),
        (lambda r: r.sample(2**70, 2), ValueError, r"from 0 to 2\*\*52"),
        (lambda r: r.sample(10, 2.5), TypeError, "whole number for size.*2.5.*int"),
        (lambda r: r.sample(22.4, 2), TypeError, "one-dimensional sequence.*22.4.*int"),
        (lambda r: r.sample("abc", 2), TypeError, "one-dimensional sequence.*'abc'.*list"),
        (lambda r: r.sample(None, 2), TypeError, "one-dimensional sequence.*None"),
        (lambda r: r.sample(np.eye(2), 1), TypeError, "one-dimensional sequence"),
        (lambda r: r.runif(-1), ValueError, "n from 0 to 2147483647.*Received: -1"),
        (lambda r: r.runif(2.0), TypeError, "whole number for n.*int"),
        (lambda r: r.runif(2, 1, 0), ValueError, "min=1.0, max=0.0. Exchange"),
        (lambda r: r.runif(2, 0, float("inf")), ValueError, "finite number for max"),
        (lambda r: r.runif(3, None), TypeError, "single number for min.*None"),
        (lambda r: r.runif(3, 0, [1, 2, 3]), TypeError, r"single number for max.*\[1, 2, 3\]"),
        (lambda r: r.rnorm(2, 0, -1), ValueError, "sd to be 0 or more.*sd=-1.0"),
        (lambda r: r.rnorm(2, float("nan")), ValueError, "finite number for mean"),
        (lambda r: r.rnorm(3, "a"), TypeError, "single number for mean.*'a'"),
    ],
)
def test_bad_input_is_named_and_draws_nothing(call, error, message):
    rng = RRandom(1)
    before = rng.state
    with pytest.raises(error, match=message):
        call(rng)
    assert (rng.state == before).all()
