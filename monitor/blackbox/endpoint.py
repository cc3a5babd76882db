"""Targets of the form `host:port`, split as Go's net.SplitHostPort splits them."""


def split_host_port(target: str) -> tuple[str, int] | None:
    """Return host and port of `host:port` or `[ip6]:port`, None for anything else."""
    host, colon, digits = target.rpartition(":")
    if not colon or not (digits.isascii() and digits.isdecimal()) or int(digits[:6]) > 65_535:
        return None
    if host.startswith("["):
        inner = host.removeprefix("[").removesuffix("]")
        return None if not host.endswith("]") or "[" in inner else (inner, int(digits))
    return None if ":" in host or not host else (host, int(digits))


def split_url_host(target: str, default_port: int) -> tuple[str, int] | None:
    """Return host and port of a URL of http or https, or of `host` and `host:port`.

    None for what is neither. The scheme, the path and user info mean nothing.
    """
    rest = target.removeprefix("http://").removeprefix("https://")
    for end in "/?#":
        rest = rest.partition(end)[0]
    authority = rest.rpartition("@")[2]
    if authority.endswith("]") or ":" not in authority:
        authority = f"{authority}:{default_port}"
    return split_host_port(authority)
