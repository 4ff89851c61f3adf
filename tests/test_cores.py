"""How many threads share the work, and that they do it as one would."""

import os
import threading

import pytest

from symlib._cores import thread_map, worker_count


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


@pytest.mark.parametrize("workers", [1, 2, 5])
def test_the_map_of_threads_is_the_map(workers):
    """Results come in the order of the arguments, and an error is that of the call."""
    with thread_map(workers) as shared:
        assert list(shared(str, range(20))) == [str(k) for k in range(20)]
        assert list(shared(str, [])) == []
        with pytest.raises(ZeroDivisionError):
            list(shared(lambda k: 1 // k, [1, 0, 1]))


def test_two_workers_are_two_threads():
    """Each waits here for the other."""
    barrier = threading.Barrier(2, timeout=10)
    with thread_map(2) as shared:
        assert sorted(shared(lambda _: barrier.wait(), range(2))) == [0, 1]
