"""In how many of some calls something came up: how sure that is, and how it compares with other calls."""

from math import hypot, sqrt
from statistics import NormalDist

SURE = NormalDist().inv_cdf(0.975)  # half the width of a 95 % interval


def wilson(hits: int, calls: int, z: float = SURE) -> tuple[float, float]:
    """Wilson's interval of a share (1927, Journal of the American Statistical Association 22), 0-1."""
    middle, share = (hits + z * z / 2) / (calls + z * z), hits / calls
    half = z / (calls + z * z) * sqrt(calls * share * (1 - share) + z * z / 4)
    return middle - half, middle + half


def newcombe(hits: tuple[int, int], calls: tuple[int, int], z: float = SURE) -> tuple[float, float]:
    """Newcombe's interval of the first share less the second (1998, Statistics in Medicine 17, method 10)."""
    one, other = (number / size for number, size in zip(hits, calls, strict=True))
    (low, high), (low_other, high_other) = (wilson(n, size, z) for n, size in zip(hits, calls, strict=True))
    return one - other - hypot(one - low, high_other - other), one - other + hypot(high - one, other - low_other)
