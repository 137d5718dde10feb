import csv
import json
from io import StringIO
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from decisions import measurements
from decisions.management.commands.throughput import estimate

H100 = {
    "gpu": "H100",
    "model": "Llama-3.3-70B",
    "quantization": "fp8",
    "tensor_parallel": 2,
    "input_tokens": 1024,
    "output_tokens": 1024,
    "concurrency": 64,
}


def run(**options):
    out = StringIO()
    call_command("throughput", **H100 | options, stdout=out)
    return out.getvalue()


def refusal(**options):
    with pytest.raises(CommandError) as refused:
        run(**options)
    assert refused.value.returncode == 2
    return str(refused.value)


def test_it_prints_one_object_of_the_contract():
    found = json.loads(run())
    assert set(found) == {
        "output_tokens_per_s",
        "ttft_ms",
        "tpot_ms",
        "evidence",
        "max_concurrent_requests",
    }
    rates = found["output_tokens_per_s"]
    assert rates["p10"] < rates["p50"] < rates["p90"]
    assert rates["p50"] == pytest.approx(2195.8, rel=0.1)
    assert found["max_concurrent_requests"] == 120


def test_the_command_line_is_that_of_the_contract(capsys):
    call_command(
        "throughput",
        *[
            "--gpu",
            "H100",
            "--model",
            "Llama-3.3-70B",
            "--quantization",
            "fp8",
            "--tensor-parallel",
            "2",
        ],
        *[
            "--input-tokens",
            "1024",
            "--output-tokens",
            "1024",
            "--concurrency",
            "max",
            "--kv-dtype",
            "fp8",
        ],
        *["--server", "tensorrt-llm", "--untuned"],
    )
    found = json.loads(capsys.readouterr().out)
    assert found["max_concurrent_requests"] == 240
    assert found["evidence"] == "D"


def test_default_settings_are_slower():
    tuned, default = (json.loads(run(untuned=untuned)) for untuned in (False, True))
    assert default["output_tokens_per_s"]["p50"] < tuned["output_tokens_per_s"]["p50"]


@pytest.mark.parametrize(
    ("option", "value", "near"),
    [
        ("model", "Llama 4 70B", "Llama-4-Scout"),
        ("gpu", "H100X", "H100-SXM"),
        ("quantization", "fp88", "fp8"),
        ("server", "vlm", "vllm"),
        ("kv_dtype", "fp3", "fp8"),
    ],
)
def test_an_unknown_name_is_refused_with_near_ones(option, value, near):
    said = refusal(**{option: value})
    assert value in said
    assert near in said


def test_impossible_layouts_and_numbers_are_refused():
    assert "8 KV heads" in refusal(tensor_parallel=3)
    assert "input_tokens" in refusal(input_tokens=0)
    assert "concurrency" in refusal(concurrency=float("nan"))
    assert "--gpu: needed" in refusal(gpu=None)


def test_a_file_of_cases_gives_a_line_each(tmp_path):
    cases = tmp_path / "cases.csv"
    with cases.open("w", newline="") as out:
        writer = csv.writer(out)
        writer.writerow(
            [
                "gpu",
                "gpus",
                "model",
                "precision",
                "kv_dtype",
                "tp",
                "isl",
                "osl",
                "concurrency",
                "engine",
            ]
        )
        writer.writerow(
            [
                "H100-SXM-80GB",
                "2",
                "Llama-3.x-70B",
                "fp8",
                "auto",
                "2",
                "1024",
                "1024",
                "64",
                "vllm",
            ]
        )
        row = ["H200-SXM-141GB", 1, "Llama-3.x-70B", "fp8", "fp8", 1, 128, 128, "max (saturated)"]
        writer.writerow([*row, "TensorRT-LLM"])
    lines = [json.loads(line) for line in run(cases=cases).splitlines()]
    assert [line["case_id"] for line in lines] == ["line 2", "line 3"]
    assert lines[1]["max_concurrent_requests"] == 1332


@pytest.mark.parametrize(
    ("header", "row", "says"),
    [
        ("gpu,model", "H100,Llama-3.x-70B", "line 2: column precision is missing"),
        (
            "gpu,model,precision,tp,isl,osl,concurrency",
            "H100,Llama-3.x-70B,fp8,2,many,1,1",
            "line 2: could not convert",
        ),
        ("gpu,model,precision,tp,isl", "H100,Llama-3.x-70B", "line 2: column precision is empty"),
        (
            "gpu,model,precision,tp,isl,osl,concurrency",
            "H100,Llama-3.x-70B,fp8,inf,1,1,1",
            "line 2: cannot convert float infinity",
        ),
        ("gpu,model,precision", "", "no rows below a header line"),
    ],
)
def test_a_faulty_file_is_refused_by_line(tmp_path, header, row, says):
    cases = tmp_path / "cases.csv"
    cases.write_text(f"{header}\n{row}\n")
    assert says in refusal(cases=cases)


def test_a_missing_file_is_refused(tmp_path):
    assert "no.csv" in refusal(cases=tmp_path / "no.csv")


def test_the_accuracy_table_counts_every_measurement_once(capsys):
    call_command("accuracy")
    header, *lines = capsys.readouterr().out.splitlines()
    assert "median error" in header
    starts = ("band", "burst", "calibration", "validation")
    groups = [each for each in lines if each.startswith(starts) and "all of them" not in each]
    assert sum(int(line.split()[3]) for line in groups) == len(measurements.measurements())


def test_every_measurement_names_its_public_source():
    assert all(case.source for case in measurements.measurements())
    assert {case.used_for for case in measurements.measurements()} == {
        "calibration",
        "band",
        "validation",
        "burst",
    }


def test_a_burst_is_one_whose_requests_nearly_all_run_at_once():
    for case in measurements.measurements():
        if case.tuned or case.concurrency == 4:
            continue
        running = estimate(case).concurrency
        assert (case.concurrency < 2 * running) == (case.used_for == "burst"), case.case_id


def test_the_page_of_accuracy_says_what_the_command_says(capsys):
    call_command("accuracy", "--markdown")
    said = capsys.readouterr().out.strip()
    assert said in (Path(__file__).parents[2] / "docs" / "accuracy.md").read_text()


def test_unseen_dense_runs_and_the_range_of_mixtures_keep_their_promise(capsys):
    call_command("accuracy", "--markdown")
    rows = [
        [cell.strip() for cell in line.strip("|").split("|")]
        for line in capsys.readouterr().out.splitlines()
    ]
    shown = {
        tuple(row[:3]): [float(cell.rstrip("%")) for cell in row[4:]]
        for row in rows
        if len(row) == 7 and row[-1].endswith("%")
    }
    median, p90, inside = shown["validation", "dense", "all of them"]
    assert median <= 15 and p90 <= 35 and inside >= 80
    assert shown["validation", "mixture", "all of them"][2] >= 80
    assert shown["validation", "untuned", "all of them"][2] >= 80
    assert "NOT KEPT" not in "".join(rows[-1] + rows[-2] + rows[-3] + rows[-4] + rows[-5])


def test_accuracy_on_rows_of_ones_own(tmp_path, capsys):
    path = tmp_path / "rows.csv"
    head = "gpu,model,precision,tp,isl,osl,concurrency,output_tok_s\n"
    path.write_text(head + "H100,Llama-3.3-70B,fp8,2,1024,1024,64,2195.8\n")
    call_command("accuracy", "--cases", str(path))
    assert "given" in capsys.readouterr().out
    path.write_text("gpu,model\nH100,Llama-3.3-70B\n")
    with pytest.raises(CommandError, match="line 2"):
        call_command("accuracy", "--cases", str(path))
