"""Whether the process beside us is ready: `python -IS health.py PORT` ends with 0 if its `/readyz` answers 200.

Run every few seconds in every container, so it imports nothing but sockets.
"""

import socket
import sys


def main() -> int:
    port = int(sys.argv[1])
    try:
        with socket.create_connection(("127.0.0.1", port), 4) as connection:
            connection.sendall(b"GET /readyz HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n")
            answer = b""
            while part := connection.recv(4096):
                answer += part
    except OSError as fault:
        sys.stdout.write(f"{fault}\n")
        return 1
    # the body names the part that is missing; the engine keeps it with the container's health
    sys.stdout.write(answer.rpartition(b"\r\n")[2].decode("utf-8", "replace")[:500] + "\n")
    return 0 if answer.split(b" ")[1:2] == [b"200"] else 1


if __name__ == "__main__":
    sys.exit(main())
