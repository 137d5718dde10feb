"""What does a file of real usage say, without anybody reading a prompt?

`files` opens it within bounds, `json_rows` streams JSON, `layouts` knows the exports of providers and gateways, `tally` adds up
the columns that were named, chunk by chunk, and `findings` draws from the sums what a workload needs.
"""
