"""Every kind of fault, and how often it is drawn. A new kind is a class, and an entry here."""

from typing import Final

from tests.chaos.fault import Fault
from tests.chaos.gateway_faults import (
    ClockJumps,
    ClockOff,
    DiskFull,
    FsyncFails,
    GatewayFrozen,
    GatewayKilled,
    GatewayStopped,
    NodesCutOff,
    NodesHalfOpen,
    OtherPolicy,
    PolicyReloaded,
)
from tests.chaos.redis_faults import (
    ClientsPaused,
    RedisConnectionsDropped,
    RedisCut,
    RedisFull,
    RedisHalfOpen,
    RedisKilled,
    RedisPaused,
    RedisReadOnly,
    RedisSlow,
)
from tests.chaos.slack_faults import (
    SlackDrops,
    SlackErrors,
    SlackHangs,
    SlackRateLimits,
    SocketsCut,
)

FAULTS: Final[dict[type[Fault], int]] = {
    GatewayKilled: 10,
    GatewayStopped: 2,
    GatewayFrozen: 3,
    OtherPolicy: 2,
    PolicyReloaded: 6,
    ClockOff: 3,
    ClockJumps: 3,
    FsyncFails: 4,
    DiskFull: 4,
    RedisKilled: 5,
    RedisPaused: 3,
    ClientsPaused: 2,
    RedisReadOnly: 3,
    RedisFull: 3,
    RedisSlow: 4,
    RedisCut: 3,
    RedisConnectionsDropped: 4,
    RedisHalfOpen: 3,
    NodesCutOff: 3,
    NodesHalfOpen: 2,
    SlackErrors: 3,
    SlackRateLimits: 3,
    SlackHangs: 2,
    SlackDrops: 3,
    SocketsCut: 3,
}
"""How often each kind is drawn, relative to the others."""
