"""Short runs of the chaos command: nothing is lost, told twice, signed twice or overwritten."""

import re
import subprocess
import sys


def test_reminders_survive_kills(repository):
    ran = subprocess.run(
        [sys.executable, "scripts/chaos.py", "reminders", "--kills", "6", "--seed", "7"],
        cwd=repository,
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert ran.returncode == 0, ran.stdout + ran.stderr
    assert "lost: 0; rows twice: 0; under two Message-IDs: 0" in ran.stdout
    assert int(re.search(r"kills: (\d+)", ran.stdout)[1]) >= 6


def test_of_two_who_act_at_once_one_wins_and_one_is_told(repository):
    ran = subprocess.run(
        [sys.executable, "scripts/chaos.py", "races", "--kills", "2", "--seed", "7"],
        cwd=repository,
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert ran.returncode == 0, ran.stdout + ran.stderr
    assert "10 races of two; one won and one was told in 10;" in ran.stdout
    assert "silent overwrites: 0" in ran.stdout


def test_work_survives_kills_and_wiped_queues(repository):
    ran = subprocess.run(
        [sys.executable, "scripts/chaos.py", "jobs", "--kills", "2", "--seed", "7"],
        cwd=repository,
        capture_output=True,
        text=True,
        timeout=400,
    )
    assert "lost: 0; effects twice: 0; not done: 0" in ran.stdout, ran.stdout + ran.stderr
