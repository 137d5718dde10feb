from decimal import Decimal

from decisions.formulas.spot import Spot, availability, downtime_hours


def spot(times=180, minutes=10, *, drained=False):
    return Spot(
        discount=Decimal("0.6"),
        interruptions_per_month=Decimal(times),
        recovery_minutes=Decimal(minutes),
        drained=drained,
    )


def test_draining_leaves_no_downtime():
    assert downtime_hours(spot(drained=True)) == 0


def test_a_month_has_no_more_hours_than_it_has():
    assert downtime_hours(spot(times=10_000, minutes=60)) == 730
    assert availability(downtime_hours=downtime_hours(spot(times=10_000, minutes=60))) == 0
