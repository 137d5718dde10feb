"""The arithmetic: pure functions of small frozen records, without Django, clock or network."""
