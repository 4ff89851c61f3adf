"""How many threads share the work: as many as are allowed, or as there are cores."""

import os

import pytest

from symlib._cores import worker_count


@pytest.mark.parametrize(("allowed", "workers"), [("1", 1), ("3", 3)])
def test_the_variable_of_schedulers_is_obeyed(monkeypatch, allowed, workers):
    """Joblib and others set it for each of several processes."""
    monkeypatch.setenv("OMP_NUM_THREADS", allowed)
    assert worker_count() == workers


@pytest.mark.parametrize("allowed", [None, "", "0", "many", "-1", "4,2"])
def test_without_a_number_there_it_is_the_number_of_cores(monkeypatch, allowed):
    """What is no number of threads says nothing."""
    monkeypatch.delenv("OMP_NUM_THREADS", raising=False)
    if allowed is not None:
        monkeypatch.setenv("OMP_NUM_THREADS", allowed)
    assert 1 <= worker_count() <= (os.cpu_count() or 1)
