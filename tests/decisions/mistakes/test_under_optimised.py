from decisions.mistakes import under_optimised

from ..questions import bill, closed, evaluated, pair, said


def test_found_where_a_measurement_is_far_below():
    slow = pair(measured_output_tokens_per_s=5)
    says = said(under_optimised, evaluated(closed(), slow))
    assert says.startswith("C makes 5 output tokens/s a replica (measured)")
    assert "times as much for the same rent" in says


def test_found_for_five_tokens_a_second_from_a_70b_on_one_card():
    one = pair(gpus=1, quantization="AWQ", measured_output_tokens_per_s=5)
    says = said(under_optimised, evaluated(closed(), one))
    assert float(says.split(": ")[1].split(" times")[0]) >= 10


def test_found_at_default_settings():
    assert "at default settings" in said(under_optimised, evaluated(pair(tuned=False)))


def test_not_found_for_a_tuned_server_or_a_good_measurement():
    assert under_optimised.find(evaluated(pair())) is None
    assert under_optimised.find(evaluated(pair(measured_output_tokens_per_s=2600))) is None


def test_not_found_where_nothing_is_known_of_the_machines():
    assert under_optimised.find(evaluated(bill("own", 4500, kind="rented_gpu"))) is None
