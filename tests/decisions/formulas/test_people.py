from decimal import Decimal

from decisions.formulas.people import engineers_in, fte_paid_by, operations


def test_what_a_saving_pays_for_costs_the_saving():
    saving, wage = Decimal(3850), Decimal(120_000)
    fte = fte_paid_by(saving_per_month=saving, loaded_cost_per_fte_year=wage) or Decimal(0)
    assert operations(fte=fte, loaded_cost_per_fte_year=wage) == saving


def test_a_loss_pays_for_nobody():
    assert fte_paid_by(saving_per_month=Decimal(-5), loaded_cost_per_fte_year=Decimal(1)) == 0


def test_undefined_without_a_wage_or_weeks():
    assert fte_paid_by(saving_per_month=Decimal(5), loaded_cost_per_fte_year=Decimal(0)) is None
    terms = {"setup_cost": Decimal(1), "loaded_cost_per_fte_year": Decimal(1)}
    assert engineers_in(weeks=Decimal(0), **terms) is None
