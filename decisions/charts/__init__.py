"""Which shapes stand where in a chart? Prepared here; templates/parts/charts/ writes them as SVG.

The page and the PDF show the same chart: plain colours stand in the SVG for print, and the page's
sheet replaces them so that light and dark both work. No script, no inline style.
"""

from decisions.charts.bars import PriceBars, price_bars
from decisions.charts.break_even import BreakEvenChart, Curves, break_even, curves
from decisions.charts.costs import CostChart, cost_comparison
from decisions.charts.history import HistoryChart, HistoryPoint, price_history
from decisions.charts.hours import HoursChart, hours_chart
from decisions.charts.quality import QualityChart, quality_chart
from decisions.charts.ranges import RangeChart, TornadoChart, spread, tornado

__all__ = [
    "BreakEvenChart",
    "CostChart",
    "Curves",
    "HistoryChart",
    "HistoryPoint",
    "HoursChart",
    "PriceBars",
    "QualityChart",
    "RangeChart",
    "TornadoChart",
    "break_even",
    "cost_comparison",
    "curves",
    "hours_chart",
    "price_bars",
    "price_history",
    "quality_chart",
    "spread",
    "tornado",
]
