"""A relay as another engine's: lines of the port IN of 127.0.0.1 that have the word of the argument go to the port OUT."""

import os
import socket
import sys

source = socket.create_connection(("127.0.0.1", int(os.environ["IN"])))
sink = socket.create_connection(("127.0.0.1", int(os.environ["OUT"])))
word = sys.argv[1].encode()
for line in source.makefile("rb", buffering=4096):
    if word in line:
        sink.sendall(line)
