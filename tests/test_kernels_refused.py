"""The kernel of a convolution is no stack of matrices: no function on weights takes it for one.

An array of shape (8, 8, 3, 3) could be read as 8 x 8 matrices. Whoever hands it in means something
else, and what would come out is a wrong number without an error. So each public function that
takes the weights of matrices refuses it, and its sentence tells the reshape.
"""

import importlib
import inspect
import pkgutil
import re

import numpy as np
import pytest

import symlib
from symlib.network import Layer, Network

KERNEL = np.ones((8, 8, 3, 3))
CURE = re.escape("reshape a kernel (out, in, height, width) to (out, in * height * width)")
PLAIN = Layer(np.eye(8))

# For each parameter that holds weights: the kernel in its place.
WEIGHTS = {
    "weight": [KERNEL],
    "matrix": [KERNEL],
    "frame": [KERNEL],
    "layer": [Layer(KERNEL)],
    "after": [Layer(KERNEL)],
    "to": [(Layer(KERNEL), PLAIN), (PLAIN, Layer(KERNEL))],
    "network": [
        Network([Layer(KERNEL), PLAIN], "relu"),
        Network([PLAIN, Layer(KERNEL, np.ones(8))], "relu"),
    ],
}
# What the other parameters without a default may be.
OTHERS = {
    "layer": PLAIN,
    "after": PLAIN,
    "to": (PLAIN, PLAIN),
    "x": np.ones((4, 8)),
    "y": np.ones((4, 8)),
    "towards": np.zeros((4, 8)),
    "k": 1,
    "rate": 0.1,
    "steps": 1,
}


def public_functions():
    """Yield the name and the function of each public function."""
    for found in pkgutil.iter_modules(symlib.__path__):
        if found.name.startswith("_") or found.name == "audit":  # which takes whole models
            continue
        module = importlib.import_module(f"symlib.{found.name}")
        for name in module.__all__:
            if inspect.isfunction(getattr(module, name)):
                yield f"{found.name}.{name}", getattr(module, name)


def calls_with_a_kernel():
    """Yield a name, a function, the parameter that gets the kernel, and the arguments."""
    for name, function in public_functions():
        parameters = inspect.signature(function).parameters.values()
        needed = [p.name for p in parameters if p.default is p.empty]
        for parameter in needed:
            for kernel in WEIGHTS.get(parameter, ()):
                others = {other: OTHERS[other] for other in needed if other != parameter}
                yield name, function, parameter, others | {parameter: kernel}


def test_no_function_on_weights_takes_the_kernel_of_a_convolution():
    """Each answers by the name of the argument, the shape that came and the reshape."""
    answered = set()
    for name, function, parameter, arguments in calls_with_a_kernel():
        text = rf"^{parameter}\b.* got shape \(8, 8, 3, 3\); {CURE}"
        with pytest.raises(ValueError, match=text):
            function(**arguments)
        answered.add(name)
    modules = {name.partition(".")[0] for name in answered}
    assert modules >= {"isometry", "network", "nullspace", "symmetry", "training"}
    assert len(answered) >= 22
