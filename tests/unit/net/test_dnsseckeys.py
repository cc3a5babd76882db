"""Keys and signatures as bytes that strangers send."""

import time

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from hypothesis import given
from hypothesis import strategies as st

from monitor.net.dnsseckeys import SUPPORTED, made_by


@given(
    st.sampled_from(sorted(SUPPORTED)), st.binary(min_size=1, max_size=80), st.binary(max_size=80)
)
def test_any_bytes_are_no_signature(algorithm: int, material: bytes, signature: bytes):
    """Bytes that are no key, or no signature, are a signature that does not hold."""
    assert not made_by(algorithm, material, signature, b"signed")


@given(st.sampled_from([32, 64, 96, 57]), st.binary(max_size=120))
def test_keys_of_the_right_length(size: int, signature: bytes):
    """A key of a plausible length that is no point of its curve holds for nothing."""
    for algorithm in SUPPORTED:
        assert not made_by(algorithm, b"\7" * size, signature, b"signed")


def rsa_material(exponent: int, modulus: int) -> bytes:
    size = (exponent.bit_length() + 7) // 8
    head = bytes((size,)) if size < 256 else b"\0" + size.to_bytes(2, "big")
    return (
        head
        + exponent.to_bytes(size, "big")
        + modulus.to_bytes((modulus.bit_length() + 7) // 8, "big")
    )


@pytest.mark.parametrize(
    ("exponent", "bits"), [(2**4000 + 1, 4096), (2**2000 + 1, 3072), (65537, 16384)]
)
def test_expensive_rsa_keys_are_not_used(exponent: int, bits: int):
    """RSA keys that would take milliseconds a signature are passed over at once."""
    modulus = 2 ** (bits - 1) + 1
    began = time.process_time()

    for _ in range(200):
        assert not made_by(8, rsa_material(exponent, modulus), b"\1" * (bits // 8), b"signed")

    each_ms = (time.process_time() - began) / 200 * 1000
    print(f"{each_ms:.3f} ms each")
    assert each_ms < 1


def test_rsa_key_with_a_long_exponent_field():
    """An exponent whose length takes three bytes is read (RFC 3110, 2)."""
    from cryptography.hazmat.primitives import hashes
    from cryptography.hazmat.primitives.asymmetric import padding

    secret = rsa.generate_private_key(65537, 2048)
    numbers = secret.public_key().public_numbers()
    material = b"\0\0\3" + numbers.e.to_bytes(3, "big") + numbers.n.to_bytes(256, "big")
    signature = secret.sign(b"signed", padding.PKCS1v15(), hashes.SHA256())

    assert made_by(8, material, signature, b"signed")
    assert not made_by(8, material, signature, b"other")
