"""Intervals of the origins of a trace, made where parameters are fitted; and in words how, or why there are none."""

from typing import Final

from suyuan.service.parametersets import ParameterSet
from suyuan.traceback.intervals import DRAWS, Intervals, NoIntervals, intervals_of
from suyuan.traceback.parameters import TraceLimits
from suyuan.traceback.preparation import Prepared
from suyuan.traceback.results import TraceResult

NOT_FITTED: Final = (
    "none: the parameters are not fitted to confirmed origins 无：参数未经已确认来源地拟合，不给出区间"
)
NOT_TOLD: Final = (
    "none: this fit does not tell how uncertain its parameters are, as those of earlier versions do not; fit again "
    "with suyuan trace fit 无：该拟合结果（旧版本）未给出参数的不确定性，请用 suyuan trace fit 重新拟合"
)
NOT_ASKED: Final = "none: not asked for 无：未请求区间"
WHY_NONE: Final = {
    NoIntervals.CUT: "none: the limit of movements looked at cut this trace 无：追溯因运输记录数上限被截断，不给出区间",
    NoIntervals.TOO_LARGE: "none: too much can have led here to work it out so often; fewer hops make it less "
    "无：可能的上游过多，无法多次重算；可减小最大跳数",
}


def with_intervals(
    prepared: Prepared, result: TraceResult, parameters: ParameterSet, limits: TraceLimits, *, wanted: bool
) -> tuple[Intervals | None, str | None]:
    """The intervals of a backward trace, and the words for them; None twice for a forward one."""
    if result.direction != "backward":
        return None, None
    if not parameters.fit:
        return None, NOT_FITTED
    if parameters.uncertainty is None:
        return None, NOT_TOLD
    if not wanted:
        return None, NOT_ASKED
    found = intervals_of(
        prepared,
        result.kind,
        result.position,
        result.origins,
        parameters.uncertainty,
        seed=parameters.seed,
        calibration=parameters.calibration,
        limits=limits,
    )
    if isinstance(found, NoIntervals):
        return None, WHY_NONE[found]
    return found, _text(found)


def _text(found: Intervals) -> str:
    english = (
        f"5th to 95th percentile over {DRAWS} draws of the fitted parameters and of the missing times of "
        f"{found.missing} movements"
    )
    chinese = f"拟合参数与{found.missing}条运输记录缺失时间的{DRAWS}次抽样的第5至第95百分位"
    if found.widened:
        english += (
            f"; {found.widened} of {len(found.low)} widened to hold the probability, which lies outside"
        )
        chinese += f"；{len(found.low)}个区间中有{found.widened}个因概率落在其外而放宽"
    return f"{english} {chinese}"
