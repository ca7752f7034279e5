"""A fault suite: real gateways, a real Redis, a local Slack, and everything that can go wrong.

A season (`season`) builds a city (`city`), lets nodes ask (`nodes`, `wishes`), people vote and
override (`people`) and on-call freeze and thaw (`on_call`), while the weather breaks things
(`weather`, `faults`). All that was seen from outside (`history`), and what the gateways' audits
hold (`evidence`), is sorted by request (`trial`) and held against the promises (`judge`,
`freezes`, `telling`). `sabotage` breaks the product's guards one by one, and `preflight` holds a
season for each of them, so that a judge who sees nothing is seen.
"""
