#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""flip.py FILE FROM TO STEP BIT DIR: for every STEPth byte of FILE from FROM
to TO (negative: from the end), a copy with one bit of it flipped, as
DIR/OFFSET.  With a name that ends in .eml the base64 body is decoded, flipped
and encoded again."""
import base64
import sys

name, start, end, step, bit, to = sys.argv[1:]
data = open(name, 'rb').read()
head = b''
if name.endswith('.eml'):
    head, data = data.split(b'\n\n', 1)
    head += b'\n\n'
    data = base64.b64decode(data)
start, end = [int(x) + (len(data) if int(x) < 0 else 0) for x in (start, end)]
if end == 0:
    end = len(data)
for i in range(start, end, int(step)):
    b = bytearray(data)
    b[i] ^= 1 << int(bit)
    b = base64.encodebytes(bytes(b)) if head else bytes(b)
    open(f'{to}/{i}', 'wb').write(head + b)
