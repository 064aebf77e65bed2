"""The suite itself has no network: unix sockets for all tests, loopback for real processes only."""

from __future__ import annotations

import socket

import pytest
from pytest_socket import SocketBlockedError, SocketConnectBlockedError

# pytest-socket warns before it raises, and warnings are errors here: either is a refusal.
BLOCKED = (SocketBlockedError, SocketConnectBlockedError, UserWarning)


def test_an_ordinary_test_cannot_make_an_internet_socket() -> None:
    with pytest.raises(BLOCKED):
        socket.socket(socket.AF_INET, socket.SOCK_STREAM)


def test_an_ordinary_test_may_use_a_unix_socket() -> None:
    left, right = socket.socketpair()
    with left, right:
        left.sendall(b"hello")
        assert right.recv(5) == b"hello"


@pytest.mark.process
def test_a_test_of_processes_reaches_loopback() -> None:
    with (
        socket.create_server(("127.0.0.1", 0)) as server,
        socket.create_connection(server.getsockname()) as client,
    ):
        assert client.getpeername() == server.getsockname()


@pytest.mark.process
def test_a_test_of_processes_reaches_no_other_host() -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as client, pytest.raises(BLOCKED):
        client.connect(("192.0.2.1", 9))  # TEST-NET-1, RFC 5737
