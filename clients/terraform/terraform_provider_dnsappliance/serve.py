"""Serve a provider as Terraform starts it: over the protocol of go-plugin, at a socket in a folder of its own.

The runner of the framework aborts all calls when Terraform is interrupted, so what they create is missing in the
state. Here Terraform gets the answers to its calls before the provider exits.
"""

from __future__ import annotations

import base64
import os
import signal
import tempfile
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import grpc
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from tf import iface
from tf.gen import grpc_controller_pb2, grpc_controller_pb2_grpc, grpc_stdio_pb2_grpc, tfplugin_pb2_grpc
from tf.provider import ProviderServicer

CORE_PROTOCOL, PROVIDER_PROTOCOL = 1, 6
THREADS = 10
"""Calls at once: Terraform has as many by default."""
GRACE = 90
"""Seconds that calls may take after the end was requested: longer than any of them waits."""
VALID = timedelta(days=30)


def serve(provider: iface.Provider) -> None:
    """Print where the provider is served, and return when Terraform ends it, or has ended itself."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # of the terminal: Terraform requests the end by a call
    parent, end = os.getppid(), threading.Event()
    server = grpc.server(ThreadPoolExecutor(THREADS))
    tfplugin_pb2_grpc.add_ProviderServicer_to_server(ProviderServicer(provider), server)
    grpc_controller_pb2_grpc.add_GRPCControllerServicer_to_server(Controller(end), server)
    grpc_stdio_pb2_grpc.add_GRPCStdioServicer_to_server(Stdio(), server)
    certificate, credentials = identity(datetime.now(UTC))
    with tempfile.TemporaryDirectory() as folder:
        socket = f"{folder}/provider.sock"
        server.add_secure_port(f"unix://{socket}", credentials)
        server.start()
        print(f"{CORE_PROTOCOL}|{PROVIDER_PROTOCOL}|unix|{socket}|grpc|{certificate}", flush=True)  # noqa: T201 - to Terraform
        while not end.wait(1) and os.getppid() == parent:
            pass
        server.stop(GRACE).wait()


class Controller(grpc_controller_pb2_grpc.GRPCControllerServicer):
    """The service by which Terraform ends a provider."""

    def __init__(self, end: threading.Event) -> None:
        self._end = end

    def Shutdown(self, request: object, context: object) -> object:  # noqa: N802 - the protocol's name
        """Request the end."""
        self._end.set()
        return grpc_controller_pb2.Empty()


class Stdio(grpc_stdio_pb2_grpc.GRPCStdioServicer):
    """The service that forwards what a provider prints: nothing."""

    def StreamStdio(self, request: object, context: object) -> Iterator[object]:  # noqa: N802 - the protocol's name
        """Return no output."""
        return iter(())


def identity(now: datetime) -> tuple[str, grpc.ServerCredentials]:
    """Return a new certificate, as go-plugin expects it in the line that is printed, and its credentials."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "localhost")])
    certificate = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - timedelta(minutes=1))
        .not_valid_after(now + VALID)
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    pem = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    credentials = grpc.ssl_server_credentials([(pem, certificate.public_bytes(serialization.Encoding.PEM))])
    encoded = base64.b64encode(certificate.public_bytes(serialization.Encoding.DER)).decode()
    return encoded.rstrip("="), credentials
