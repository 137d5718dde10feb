"""Which calendar quarter is a day in, and when does the quarter end?"""

import calendar
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


def days_of(name: str) -> tuple[date, date]:
    """Return the first and last day of a quarter by its name.

    >>> days_of("2026 Q4")
    (datetime.date(2026, 10, 1), datetime.date(2026, 12, 31))
    """
    year, quarter = (int(part) for part in name.split(" Q"))
    return date(year, quarter * 3 - 2, 1), last_day(year, quarter)


def names_back(day: date, *, count: int) -> list[str]:
    """Return the names of the day's quarter and of those before it.

    >>> names_back(date(2026, 2, 1), count=3)
    ['2026 Q1', '2025 Q4', '2025 Q3']
    """
    year, quarter = of(day)
    places = (divmod(year * 4 + quarter - 1 - back, 4) for back in range(count))
    return [f"{of_year} Q{place + 1}" for of_year, place in places]


def months_after(day: date, months: int) -> date:
    """Return the same day so many months later, or the month's last day where there is no such day.

    >>> months_after(date(2026, 11, 30), 3), months_after(date(2026, 1, 15), 12)
    (datetime.date(2027, 2, 28), datetime.date(2027, 1, 15))
    """
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    last = calendar.monthrange(year, month + 1)[1]
    return date(year, month + 1, min(day.day, last))
