"""Which calendar quarter is a day in, and when does the quarter end?"""

from datetime import date, timedelta


def of(day: date) -> tuple[int, int]:
    """Return year and quarter of a day.

    >>> of(date(2026, 11, 23))
    (2026, 4)
    """
    return day.year, (day.month + 2) // 3


def last_day(year: int, quarter: int) -> date:
    """Return the last day of a quarter.

    >>> last_day(2026, 4), last_day(2024, 1)
    (datetime.date(2026, 12, 31), datetime.date(2024, 3, 31))
    """
    after = date(year + 1, 1, 1) if quarter == 4 else date(year, quarter * 3 + 1, 1)
    return after - timedelta(days=1)
