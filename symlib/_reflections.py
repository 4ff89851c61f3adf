"""Products of Householder reflections, as products of matrices.

A reflection sends ``x`` to ``x - 2 v (v . x) / (v . v)``. Many of them, one after another, are
``I - V S^-1 V^T``, in which the columns of ``V`` are their vectors and ``S`` is the upper triangle
of ``V^T V`` with half of its diagonal: what costs the time is then done by BLAS on whole blocks.

Source: Joffrain, Low, Quintana-Ortí, van de Geijn and Van Zee, "Accumulating Householder
transformations, revisited", *ACM Transactions on Mathematical Software* 32 (2006), 169-179.
"""

from __future__ import annotations

from typing import Final

import numpy as np

from symlib._arrays import Array

__all__ = ["BLOCK", "reflect"]

BLOCK: Final = 64  # vectors at a time: enough for BLAS, and few beside a large matrix


def reflect(vectors: Array, x: Array) -> None:
    """Turn the columns of ``x`` by the reflections of all ``vectors``, the last one first.

    The shapes are ([replicas], rows, count) and ([replicas], rows, columns). A vector of zeros
    reflects nothing. ``x`` is overwritten.
    """
    triangle = np.triu(vectors.mT @ vectors)
    diagonal = np.einsum("...ii->...i", triangle)  # a view: what is written here stands there
    diagonal /= 2
    diagonal[diagonal == 0] = 1
    x -= vectors @ (np.linalg.inv(triangle) @ (vectors.mT @ x))
