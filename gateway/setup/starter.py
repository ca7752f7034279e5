"""The two files that `countersign init` writes."""

from typing import Final

COUNTERSIGN_TOML: Final = """\
# Relative paths are relative to this file. Unknown settings are errors.

[gateway]
listen = "{listen}"            # TSS Nodes and Slack: POST /v2/check, POST /slack/interactions
operator_listen = "{operator_listen}"   # this machine only: the command line, and GET /metrics
data_dir = "data"
policy = "policy.toml"

# One for each TSS Node. The three numbers are those of the node's own `callback:` settings.
[[tss_node]]
name = "node-1"
callback_public_key = "keys/tss-node-callback-pub.key"  # an array while you rotate
retry_times = {retry_times}
sleep_seconds = {sleep_seconds}
request_timeout = {request_timeout}
{events}event_public_key = "keys/tss-node-event-pub.key"  # takes what the node reports of its work

[keys]
private_key = "keys/callback-server-pri.pem"
seal_key = "keys/seal.key"

# Without a URL, an embedded server keeps its files under data_dir.
# [redis]
# url = {{ env = "REDIS_URL" }}
# keep_days = 30

{slack}"""

SLACK_TOML: Final = """\
[slack]
workspace = "{workspace}"
channel = "{channel}"
bot_token = {{ env = "SLACK_BOT_TOKEN" }}
app_token = {{ env = "SLACK_APP_TOKEN" }}             # Socket Mode
# signing_secret = {{ env = "SLACK_SIGNING_SECRET" }}   # HTTP interactivity, in place of app_token
"""

WITHOUT_SLACK: Final = """\
# Without Slack, approvals are told on the console and decided with `countersign approve`.
"""

POLICY_TOML: Final = """\
# Check this file with `countersign policy check`, try it with `countersign policy explain`.
# All rules are read, and the most restrictive one wins: reject, then ask, then approve.

default = "ask"

[people.{approver}]
ssh_key = "{ssh_key}"
{slack}
# initiates_as = ["ana@acme.example"]  # what Cobo calls this person: nobody approves their own

# [people.bo]
# slack = "U0G9QF9C6"
# ssh_key = "ssh-ed25519 AAAA... bo"

[groups]
approvers = ["{approver}"]
# on_call = ["{approver}", "bo"]   # any of them may `countersign freeze`; two of them `thaw`

# What is asked where no rule says more.
[ask]
approvals = [{{ group = "approvers", count = 1 }}]
within = "30m"
# reason = "reject"                    # also "approve" or "both": such a vote must say why

# Who may decide in place of those who are asked, with `countersign approve ID --override`. They
# need an ssh_key. An override replaces people, never the checks, the deadline or a freeze.
# [override]
# group = "on_call"
# approve = 2
# reject = 1

# What could not be verified, and what lets somebody else move coins from now on, is approved by
# a signed vote only, never by a click.
[[rule]]
id = "risky"
why = "Not verified, or it lets somebody else move our coins"
effect = "ask"
when.type = "key_sign"
when.flags_any = [
    "unverified", "blind", "unlimited_allowance",
    "delegatecall", "owner_change", "permission_change",
]
strength = "ssh"

# New keys and new holders of keys likewise: only Cobo's word says what they are for.
[[rule]]
id = "key-ceremony"
why = "A key is made, or changes hands"
effect = "ask"
when.type = ["key_gen", "key_reshare"]
strength = "ssh"

# Some transfers need nobody:
#
# [lists]
# own_cold = ["ETH:0x0000000000000000000000000000000000000000"]
#
# [[rule]]
# id = "sweep-home"
# why = "A sweep into our own cold wallet"
# effect = "approve"
# when.type = "key_sign"
# when.kind = "transfer"
# when.to = "own_cold"
# when.amount_at_most = "50000 USDT"
"""

SLACK_USER: Final = 'slack = "{user}"                  # a Slack user id, to vote by a click'
