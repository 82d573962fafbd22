#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""auth-cbc.py IN OUT WHAT: an AuthEnvelopedData (DER, AES-256-GCM) changed:
WHAT is cbc (the cipher is AES-256-CBC), tag4 (a tag of 4 octets), nonce8 (a
nonce of 8 octets)."""
import sys


def read(b, i):
    """Tag, begin and end of the contents of the element at i."""
    n = b[i + 1]
    i += 2
    if n & 0x80:
        k = n & 0x7f
        n = int.from_bytes(b[i:i + k], 'big')
        i += k
    return i, i + n


def tlv(tag, v):
    n = len(v)
    if n < 0x80:
        return bytes([tag, n]) + v
    k = (n.bit_length() + 7) // 8
    return bytes([tag, 0x80 | k]) + n.to_bytes(k, 'big') + v


def items(v):
    i, r = 0, []
    while i < len(v):
        b, e = read(v, i)
        r.append((v[i], v[b:e]))
        i = e
    return r


def join(l):
    return b''.join(tlv(t, v) for t, v in l)


data = open(sys.argv[1], 'rb').read()
what = sys.argv[3]
info = items(items(data)[0][1])
aed = items(items(info[1][1])[0][1])
k = next(i for i, (t, v) in enumerate(aed) if t == 0x30)
eci = items(aed[k][1])
alg = items(eci[1][1])
aes256cbc = bytes.fromhex('60864801650304012a')
if what == 'cbc':
    alg = [(6, aes256cbc), (4, bytes(16))]
    eci[2] = (eci[2][0], eci[2][1][:len(eci[2][1]) // 16 * 16])
elif what == 'tag4':
    p = items(alg[1][1])
    alg[1] = (0x30, join([p[0], (2, b'\4')]))
    aed[-1] = (4, aed[-1][1][:4])
elif what == 'nonce8':
    p = items(alg[1][1])
    alg[1] = (0x30, join([(4, p[0][1][:8])] + p[1:]))
eci[1] = (0x30, join(alg))
aed[k] = (0x30, join(eci))
info[1] = (0xa0, tlv(0x30, join(aed)))
open(sys.argv[2], 'wb').write(tlv(0x30, join(info)))
