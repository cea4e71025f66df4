"""A certificate authority of one's own, and the certificates of the servers that it vouches for."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from ipaddress import ip_address
from typing import Self

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

LIFE_OF_AUTHORITY = timedelta(days=3650)
LIFE_OF_SERVER = timedelta(days=825)
"""The longest that every client takes."""
_BEFORE = timedelta(hours=1)
"""A device's clock may be behind."""


@dataclass(frozen=True, slots=True)
class Pair:
    """A certificate and its private key, as PEM."""

    certificate: bytes
    key: bytes


class Authority:
    """Signs certificates of servers; who trusts its certificate trusts those."""

    def __init__(self, certificate: x509.Certificate, key: ec.EllipticCurvePrivateKey) -> None:
        self._certificate, self._key = certificate, key

    @classmethod
    def new(cls, now: datetime) -> Self:
        """One that nobody knows yet."""
        key = ec.generate_private_key(ec.SECP256R1())
        name = _name("lifeline CA")
        certificate = (
            _begun(name, name, key, now, LIFE_OF_AUTHORITY)
            .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
            .add_extension(_usage(signs_certificates=True), critical=True)
            .sign(key, hashes.SHA256())
        )
        return cls(certificate, key)

    @classmethod
    def read(cls, pair: Pair) -> Self:
        """The one that was kept.

        Raises:
            ValueError: these are no certificate and key of an authority of ours.
        """
        key = load_pem_private_key(pair.key, None)
        certificate = x509.load_pem_x509_certificate(pair.certificate)
        if not isinstance(key, ec.EllipticCurvePrivateKey) or certificate.public_key() != key.public_key():
            raise ValueError("certificate and key do not belong together")
        return cls(certificate, key)

    @property
    def pair(self) -> Pair:
        """What to keep of it: the certificate is for everybody, the key for nobody else."""
        return _pair(self._certificate, self._key)

    def certify(self, names: Sequence[str], now: datetime) -> Pair:
        """A server's certificate for these names and addresses, the first of them its own."""
        key = ec.generate_private_key(ec.SECP256R1())
        known_as = x509.SubjectAlternativeName([_alternative(name) for name in names])
        certificate = (
            _begun(_name(names[0]), self._certificate.subject, key, now, LIFE_OF_SERVER)
            .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
            .add_extension(_usage(signs_certificates=False), critical=True)
            .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
            .add_extension(known_as, critical=False)
            .add_extension(
                x509.AuthorityKeyIdentifier.from_issuer_public_key(self._key.public_key()), critical=False
            )
            .sign(self._key, hashes.SHA256())
        )
        return _pair(certificate, key)

    def objection(self, certificate: bytes, names: Sequence[str], now: datetime) -> str | None:
        """Why a certificate will not do for a server of these names at this time, if so."""
        try:
            found = x509.load_pem_x509_certificate(certificate)
            found.verify_directly_issued_by(self._certificate)
            known = found.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
        except Exception:  # noqa: BLE001, whatever it is, it is none of this authority's for a server
            return "is none of a server by ca.crt"
        if found.not_valid_after_utc <= now:
            return f"ran out on {found.not_valid_after_utc:%Y-%m-%d}"
        missing = [name for name in names if _alternative(name) not in known]
        return f"is not for {', '.join(missing)}" if missing else None


def _name(common: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common[:64])])


def _alternative(name: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ip_address(name))
    except ValueError:
        return x509.DNSName(name)


def _begun(
    subject: x509.Name, issuer: x509.Name, key: ec.EllipticCurvePrivateKey, now: datetime, life: timedelta
) -> x509.CertificateBuilder:
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - _BEFORE)
        .not_valid_after(now + life)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
    )


def _usage(*, signs_certificates: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=not signs_certificates,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=signs_certificates,
        crl_sign=signs_certificates,
        encipher_only=False,
        decipher_only=False,
    )


def _pair(certificate: x509.Certificate, key: ec.EllipticCurvePrivateKey) -> Pair:
    return Pair(
        certificate.public_bytes(Encoding.PEM),
        key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()),
    )
