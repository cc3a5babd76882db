"""What holds for every test."""


def pytest_make_parametrize_id(val: object, argname: str) -> str | None:
    """Name bytes by their argument: they may be random, and each worker must name tests alike."""
    return argname if isinstance(val, bytes) else None
