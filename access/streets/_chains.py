"""Kernel: chains of segments between kept nodes."""

from __future__ import annotations

import numpy as np
from numba import njit


@njit(cache=True, nogil=True)
def chains(adj_ptr, adj_seg, seg_u, seg_v, keep):  # type: ignore[no-untyped-def]
    """Walk every segment once; returns chain_ptr, chain_seg, chain_reversed, and the kept nodes.

    `keep` is false only at nodes with exactly two segments. Rings without a kept node get one.
    O(segments).
    """
    n_seg = len(seg_u)
    kept = keep.copy()
    visited = np.zeros(n_seg, np.bool_)
    order = np.empty(n_seg, np.int32)
    turned = np.empty(n_seg, np.bool_)
    ptr = np.empty(n_seg + 1, np.int64)
    ptr[0] = 0
    n_chains = 0
    n = 0
    for phase in range(2):
        for start in range(len(kept)):
            # Second phase: only rings are left; their first node is kept from now on.
            if phase == 0 and not kept[start]:
                continue
            for k in range(adj_ptr[start], adj_ptr[start + 1]):
                seg = adj_seg[k]
                if visited[seg]:
                    continue
                kept[start] = True
                node = start
                while True:
                    visited[seg] = True
                    order[n] = seg
                    turned[n] = seg_u[seg] != node
                    n += 1
                    node = seg_u[seg] if turned[n - 1] else seg_v[seg]
                    if kept[node]:
                        break
                    first = adj_seg[adj_ptr[node]]
                    seg = first if first != seg else adj_seg[adj_ptr[node] + 1]
                n_chains += 1
                ptr[n_chains] = n
    return ptr[: n_chains + 1].copy(), order, turned, kept
