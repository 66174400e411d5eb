"""Walk and mixing model of a part of the movements of a snapshot, numbered anew.

Streams are those of the movements held. At sites of which not all movements are held they are not whole, and not to be
read.
"""

import numpy as np

from suyuan.graph.ordering import chosen_rows
from suyuan.graph.snapshot import Int32Array, Int64Array
from suyuan.traceback.lotmakers import no_makers
from suyuan.traceback.mixingmodel import Mixing
from suyuan.traceback.preparation import Prepared, products_carried
from suyuan.traceback.spans import no_spans
from suyuan.traceback.walking import Recorded, Streams, Walk, number_streams


def parts_held(prepared: Prepared, held: Int32Array) -> tuple[Walk, Mixing, Int64Array]:
    """Walk backward, without any order of movements, and mixing, without positions, of movements held (sorted).

    And the stream of the snapshot that each of their streams is.
    """
    walk = prepared.backward
    leaves, comes = walk.leaves[held], walk.comes[held]
    product = products_carried(walk.carried[held], prepared.goods.lot_product)
    stream, site_start, product_of_stream = number_streams(
        np.concatenate([comes, leaves]),
        np.concatenate([product, product]),
        len(prepared.snapshot.nodes["Site"]),
        len(prepared.product_rank),
    )
    in_stream, out_stream = stream[: len(held)], stream[len(held) :]
    in_whole = np.zeros(len(product_of_stream), np.int64)
    in_whole[in_stream], in_whole[out_stream] = prepared.in_stream[held], prepared.out_stream[held]
    streams = Streams(site_start, product_of_stream)
    mixing = _mixing(prepared.mixing, held, in_stream, out_stream, in_whole)
    return _walk(walk, held, streams), mixing, in_whole


def _walk(walk: Walk, held: Int32Array, streams: Streams) -> Walk:
    nothing = np.empty(0, np.int32)
    bounded = len(walk.near_low) > 0
    return walk._replace(
        leaves=walk.leaves[held],
        comes=walk.comes[held],
        carried=walk.carried[held],
        key=walk.key[held],
        limit=walk.limit[held],
        streams=streams,
        start=np.zeros(len(streams.product) + 1, np.int64),
        order=nothing,
        loose_rank=nothing,
        loose=nothing,
        spans=no_spans(),
        recorded=_recorded(walk.recorded, held),
        near_low=walk.near_low[held] if bounded else walk.near_low,
        far_high=walk.far_high[held] if bounded else walk.far_high,
    )


def _mixing(
    mixing: Mixing, held: Int32Array, in_stream: Int32Array, out_stream: Int32Array, in_whole: Int64Array
) -> Mixing:
    """``in_whole`` is the stream of the snapshot that each stream is."""
    stock, traded = mixing.stock, mixing.traded
    return mixing._replace(
        stock=stock._replace(
            inflow=stock.inflow._replace(usual=stock.inflow.usual[in_whole]),
            outflow=stock.outflow._replace(usual=stock.outflow.usual[in_whole]),
            share=stock.share[in_whole],
            mean_inflow=stock.mean_inflow[in_whole],
            comparable=stock.comparable[in_whole],
        ),
        dwell=mixing.dwell[in_whole],
        quantity=mixing.quantity[held],
        unit=mixing.unit[held],
        flags=mixing.flags[held],
        departed=mixing.departed[held],
        arrived=mixing.arrived[held],
        in_stream=in_stream,
        out_stream=out_stream,
        traded=traded._replace(pair=traded.pair[held] if len(traded.pair) else traded.pair),
        makers=no_makers(),
    )


def _recorded(recorded: Recorded, held: Int32Array) -> Recorded:
    """Records of what went on with what, among the movements held."""
    if len(recorded.start) <= 1:
        return recorded
    begins, entries = chosen_rows(recorded.start, held)
    far = recorded.far[entries]
    place = np.minimum(np.searchsorted(held, far), len(held) - 1)
    among = held[place] == far
    near = np.repeat(np.arange(len(held)), np.diff(begins))[among]
    start = np.searchsorted(near, np.arange(len(held) + 1)).astype(np.int64)
    return Recorded(start, place[among].astype(np.int32), recorded.decided[held])
