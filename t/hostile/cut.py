#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""cut.py FILE DIR: FILE cut off at every sixteenth, as DIR/N, and with bytes
behind it, as DIR/trailing."""
import sys

data = open(sys.argv[1], 'rb').read()
for i in range(1, 16):
    open(f'{sys.argv[2]}/{i}', 'wb').write(data[:len(data) * i // 16])
open(f'{sys.argv[2]}/almost', 'wb').write(data[:-1])
open(f'{sys.argv[2]}/trailing', 'wb').write(data + b'\0')
