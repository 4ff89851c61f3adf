"""Why are initial weights random? The arrays, the networks and the checks behind the answer.

The public names live in the modules: ``from symlib import weights, training``.
"""

__version__ = "0.2.0.dev0"
