"""A web application served for real on loopback, in a thread. The address is known before the application, which may need it."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import uvicorn


class Loopback:
    """``door = Loopback()`` takes a port (0: a free one); ``with door.serving(app): ...`` answers on ``door.url``."""

    def __init__(self, *, port: int = 0) -> None:
        self._socket = socket.create_server(("127.0.0.1", port))
        self.url = f"http://127.0.0.1:{self._socket.getsockname()[1]}"

    @contextmanager
    def serving(self, app: Any) -> Iterator[str]:
        """Serve ``app`` until the block ends."""
        server = uvicorn.Server(uvicorn.Config(app, log_level="critical", timeout_graceful_shutdown=1))
        thread = threading.Thread(target=lambda: server.run(sockets=[self._socket]), daemon=True)
        thread.start()
        try:
            while not server.started:
                if not thread.is_alive():
                    raise RuntimeError("the server did not start")
                time.sleep(0.01)
            yield self.url
        finally:
            server.should_exit = True
            thread.join(10)
            self._socket.close()
