"""A local Slack: Web API, Socket Mode and signed clicks, for the real `slack_sdk` clients.

It keeps messages as Slack does, refuses what Slack refuses, and fails on demand. A test clicks
with `click` and fills in a modal with `submit_view`; both travel as `via` says.
"""

import asyncio
import contextlib
import itertools
import json
import time
from collections import defaultdict, deque
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from email.utils import formatdate
from io import BytesIO
from typing import Any, Literal
from urllib.parse import urlencode

from aiohttp import ClientSession, WSMsgType, web
from slack_sdk.signature import SignatureVerifier

from keys.secret import Secret
from notifiers.settings import SlackSettings
from tests.support.slack_directory import Directory
from tests.support.slack_rules import echo, refusal_of, refusal_of_view

WORKSPACE, CHANNEL, APP = "T0ACME", "C0APPROVALS", "A0COUNTERSIGN"
BOT_TOKEN, APP_TOKEN, SIGNING_SECRET = "xoxb-bot", "xapp-app", "shhh"

Via = Literal["socket", "http"]


@dataclass(frozen=True)
class Fails:
    """One call goes wrong: with an HTTP status, with Slack's error word, or without an answer.

    `done` says that Slack did what was asked before the answer got lost.
    """

    status: int = 200
    error: str | None = None
    retry_after: int | None = None
    hangs: bool = False
    done: bool = False


@dataclass
class Message:
    channel: str
    ts: str
    text: str
    blocks: list[dict[str, Any]]
    updates: int = 0
    thread: str | None = None
    broadcast: bool = False

    @property
    def buttons(self) -> dict[str, dict[str, Any]]:
        """Buttons by the word on them."""
        rows = [block for block in self.blocks if block["type"] == "actions"]
        return {b["text"]["text"]: b for row in rows for b in row["elements"]}

    @property
    def deciding(self) -> dict[str, dict[str, Any]]:
        """The buttons that change something: they go when it is decided."""
        return {word: button for word, button in self.buttons.items() if word != "Details"}

    @property
    def all_text(self) -> str:
        return json.dumps([self.text, self.blocks], ensure_ascii=False)


@dataclass
class Whisper:
    channel: str
    user: str
    text: str


@dataclass
class Answer:
    """How a click was acknowledged; None if nobody did within Slack's three seconds."""

    status: int
    payload: Any
    took_s: float


@dataclass
class LocalSlack:
    messages: dict[str, Message] = field(default_factory=dict)
    whispers: list[Whisper] = field(default_factory=list)
    views: dict[str, dict[str, Any]] = field(default_factory=dict)
    calls: list[str] = field(default_factory=list)
    events: list[str] = field(default_factory=list)
    interactions_url: str = ""
    per_second: float | None = None
    now_s: Callable[[], float] = time.monotonic
    dead_tickets: int = 0
    tickets_issued: int = 0
    tickets_tried: int = 0
    patience_s: float = 3.0
    ahead_s: int = 0
    directory: Directory = field(default_factory=lambda: Directory(WORKSPACE))

    def __post_init__(self) -> None:
        self._failures: dict[str, deque[Fails]] = defaultdict(deque)
        self._sockets: list[web.WebSocketResponse] = []
        self._acks: dict[str, asyncio.Future[Any]] = {}
        self._good_tickets: set[str] = set()
        self._triggers: dict[str, float] = {}
        self._answers: dict[str, list[Any]] = {}
        self._count = itertools.count(1)
        self._last_post = 0.0
        self.base = ""

    @property
    def settings(self) -> SlackSettings:
        return SlackSettings(
            workspace=WORKSPACE,
            channel=CHANNEL,
            bot_token=Secret(BOT_TOKEN),
            app_token=Secret(APP_TOKEN),
            signing_secret=Secret(SIGNING_SECRET),
            api_url=f"{self.base}/api/",
        )

    @property
    def sockets(self) -> int:
        return sum(not socket.closed for socket in self._sockets)

    @property
    def message(self) -> Message:
        """The only message there is, but for sentences beside it."""
        found = [each for each in self.messages.values() if each.blocks and each.thread is None]
        (message,) = found or [*self.messages.values()]
        return message

    @property
    def said(self) -> list[Message]:
        """Sentences without buttons, in the channel or in a thread."""
        return [each for each in self.messages.values() if not each.blocks]

    @property
    def parts(self) -> list[Message]:
        """What a thread holds beside sentences."""
        return [each for each in self.messages.values() if each.blocks and each.thread is not None]

    def fail(self, method: str, *failures: Fails) -> None:
        """The next calls of a method go wrong, one after the other."""
        self._failures[method].extend(failures)

    def recover(self) -> None:
        self._failures.clear()

    async def disconnect(self, reason: str) -> None:
        """Tell every connection to go away, and hang up as Slack does."""
        for socket in [s for s in self._sockets if not s.closed]:
            await socket.send_json({"type": "disconnect", "reason": reason})

    async def cut(self) -> None:
        for socket in [s for s in self._sockets if not s.closed]:
            await socket.close()

    async def click(
        self, pressed: Message, button: str, by: str, /, *, via: Via = "socket", **changes: Any
    ) -> Answer:
        """Press a button by its word; `changes` replace parts of the payload."""
        return await self.deliver(self.payload(pressed, button, by, **changes), via)

    def payload(
        self, message: Message, button: str, user_id: str, /, **changes: Any
    ) -> dict[str, Any]:
        """What Slack would send for a click."""
        pressed = message.buttons[button]
        payload = {
            "type": "block_actions",
            "team": {"id": WORKSPACE, "domain": "acme"},
            "user": {"id": user_id, "username": user_id.lower(), "team_id": WORKSPACE},
            "api_app_id": APP,
            "container": {
                "type": "message",
                "message_ts": message.ts,
                "channel_id": message.channel,
                "is_ephemeral": False,
            },
            "channel": {"id": message.channel, "name": "approvals"},
            "trigger_id": self._trigger(),
            "response_url": self._response_url(message.channel, user_id),
            "message": {
                "type": "message",
                "ts": message.ts,
                "app_id": APP,
                "text": message.text,
                "blocks": echo(message.blocks),
            },
            "actions": [
                {
                    "type": "button",
                    "action_id": pressed["action_id"],
                    "block_id": "echoed",
                    "value": pressed["value"],
                    "text": pressed["text"],
                    "action_ts": f"{time.time():.6f}",
                }
            ],
        }
        return {**payload, **changes}

    async def submit_view(
        self,
        view: dict[str, Any],
        user: str,
        reason: str = "",
        /,
        *,
        via: Via = "socket",
        scope: str = "",
        **changes: Any,
    ) -> Answer:
        """Press the submit button of a modal; `changes` replace parts of the payload."""
        payload = self.submission(view, user, reason, scope=scope)
        return await self.deliver({**payload, **changes}, via)

    def submission(
        self, view: dict[str, Any], user: str, reason: str, *, scope: str = ""
    ) -> dict[str, Any]:
        """What Slack would send for it."""
        values: dict[str, Any] = {
            "reason": {"reason": {"type": "plain_text_input", "value": reason}}
        }
        if scope:
            chosen = {"type": "radio_buttons", "selected_option": {"value": scope}}
            values["scope"] = {"scope": chosen}
        return {
            "type": "view_submission",
            "team": {"id": WORKSPACE, "domain": "acme"},
            "user": {"id": user, "team_id": WORKSPACE},
            "api_app_id": APP,
            "trigger_id": self._trigger(),
            "response_urls": [],
            "view": {**view, "blocks": echo(view["blocks"]), "state": {"values": values}},
        }

    async def deliver(self, payload: dict[str, Any], via: Via, url: str | None = None) -> Answer:
        """Send a payload as Slack would and wait for its acknowledgement.

        `url` is where to post it, if not to `interactions_url`.
        """
        began = time.monotonic()
        if via == "socket":
            status, answer = await self._by_socket(payload)
        else:
            status, answer = await self.post_signed(
                urlencode({"payload": json.dumps(payload)}), url=url
            )
        self.events.append(f"ack {payload['type']}")
        return Answer(status, answer, time.monotonic() - began)

    async def post_signed(
        self,
        body: str,
        *,
        at: str | None = None,
        signature: str | None = None,
        url: str | None = None,
    ) -> tuple[int, Any]:
        at = str(int(time.time()) + self.ahead_s) if at is None else at
        made = self.sign(body, at)
        headers = {
            "Content-Type": "application/x-www-form-urlencoded",
            "X-Slack-Request-Timestamp": at,
            "X-Slack-Signature": made if signature is None else signature,
        }
        async with (
            ClientSession() as session,
            session.post(
                url or self.interactions_url, data=BytesIO(body.encode()), headers=headers
            ) as response,
        ):
            text = await response.text()
            is_json = response.content_type == "application/json"
            return response.status, json.loads(text) if is_json else text or None

    def sign(self, body: str, at: str | None = None) -> str:
        timestamp = str(int(time.time())) if at is None else at
        made = SignatureVerifier(SIGNING_SECRET).generate_signature(timestamp=timestamp, body=body)
        return str(made)

    async def _by_socket(self, payload: dict[str, Any]) -> tuple[int, Any]:
        envelope = f"envelope-{next(self._count)}"
        future: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
        self._acks[envelope] = future
        open_sockets = [socket for socket in self._sockets if not socket.closed]
        assert open_sockets, "nobody is connected"
        await open_sockets[next(self._count) % len(open_sockets)].send_json(
            {
                "type": "interactive",
                "envelope_id": envelope,
                "accepts_response_payload": True,
                "payload": payload,
            }
        )
        try:
            return 200, await asyncio.wait_for(future, self.patience_s)
        except TimeoutError:
            return 0, None

    def _response_url(self, channel: str, user: str) -> str:
        name = f"{next(self._count)}"
        self._answers[name] = [channel, user, 5]
        return f"{self.base}/actions/{name}"

    async def answer(self, request: web.Request) -> web.StreamResponse:
        """A message by a click's response_url: five of them, to whoever clicked."""
        channel, user, left = self._answers.get(request.match_info["name"], ("", "", 0))
        failures = self._failures["response_url"]
        if failures:
            return await self._failed(failures.popleft())
        body = await request.json()
        private = body.get("response_type", "ephemeral") == "ephemeral"
        if not left or not private or body.get("replace_original", True) or not body.get("text"):
            return web.Response(status=404, text="used_url")
        self._answers[request.match_info["name"]][2] -= 1
        self.events.append("response_url ok")
        self.whispers.append(Whisper(channel, user, body["text"]))
        return web.Response(text="ok")

    def _trigger(self) -> str:
        trigger = f"trigger-{next(self._count)}"
        self._triggers[trigger] = time.monotonic()
        return trigger

    # The Web API

    async def call(self, request: web.Request) -> web.StreamResponse:
        method = request.match_info["method"]
        args = await self._args(request)
        self.calls.append(method)
        failure = self._failures[method].popleft() if self._failures[method] else None
        if failure is not None and not failure.done:
            return await self._failed(failure)
        token = request.headers.get("Authorization", "").removeprefix("Bearer ")
        wanted = APP_TOKEN if method == "apps.connections.open" else BOT_TOKEN
        if token != wanted:
            return web.json_response({"ok": False, "error": "invalid_auth"})
        act = {
            "auth.test": self._auth_test,
            "users.info": self.directory.users_info,
            "conversations.info": lambda args: self.directory.conversations_info(args, CHANNEL),
            "apps.connections.open": self._open_connection,
            "chat.postMessage": self._post,
            "chat.update": self._update,
            "chat.postEphemeral": self._whisper,
            "views.open": self._open_view,
        }[method]
        answer = act(args)
        self.events.append(f"{method} {answer.get('error', 'ok')}")
        if failure is not None:
            return await self._failed(failure)
        if answer.get("error") == "ratelimited":
            return web.json_response(answer, status=429, headers={"Retry-After": "1"})
        headers = {"Date": formatdate(time.time() + self.ahead_s, usegmt=True)}
        if wanted == BOT_TOKEN:
            headers |= self.directory.headers
        return web.json_response(answer, headers=headers)

    async def _failed(self, failure: Fails) -> web.StreamResponse:
        if failure.hangs:
            await asyncio.sleep(60)
        headers = {} if failure.retry_after is None else {"Retry-After": str(failure.retry_after)}
        if failure.error is not None or failure.status == 429:
            body = {"ok": False, "error": failure.error or "ratelimited"}
            return web.json_response(body, status=failure.status, headers=headers)
        return web.Response(status=failure.status, text="oops", headers=headers)

    async def _args(self, request: web.Request) -> dict[str, Any]:
        if request.content_type == "application/json":
            return dict(await request.json())
        form = await request.post()
        args: dict[str, Any] = {key: str(value) for key, value in form.items()}
        for name in ("blocks", "view"):
            if name in args:
                args[name] = json.loads(args[name])
        return args

    def _auth_test(self, args: dict[str, Any]) -> dict[str, Any]:
        return {
            "ok": True,
            "team_id": WORKSPACE,
            "team": "Acme",
            "user_id": "U0BOT",
            "bot_id": "B0BOT",
        }

    def _open_connection(self, args: dict[str, Any]) -> dict[str, Any]:
        self.tickets_issued += 1
        ticket = f"ticket-{self.tickets_issued}"
        if self.dead_tickets > 0:
            self.dead_tickets -= 1
        else:
            self._good_tickets.add(ticket)
        return {"ok": True, "url": f"{self.base.replace('http', 'ws')}/link?ticket={ticket}"}

    def _post(self, args: dict[str, Any]) -> dict[str, Any]:
        now = self.now_s()
        if self.per_second is not None and now - self._last_post < 1 / self.per_second:
            return {"ok": False, "error": "ratelimited"}
        self._last_post = now
        if args.get("channel") != CHANNEL:
            return {"ok": False, "error": "channel_not_found"}
        error = refusal_of(args.get("text", ""), args.get("blocks", []))
        if error is not None:
            return {"ok": False, "error": error}
        ts = f"1790848800.{next(self._count):06d}"
        thread = args.get("thread_ts")
        if thread is not None and thread not in self.messages:
            return {"ok": False, "error": "thread_not_found"}
        broadcast = str(args.get("reply_broadcast", "")).lower() in {"1", "true"}
        self.messages[ts] = Message(
            CHANNEL, ts, args["text"], args.get("blocks", []), thread=thread, broadcast=broadcast
        )
        return {"ok": True, "channel": CHANNEL, "ts": ts, "message": {"app_id": APP, "ts": ts}}

    def _update(self, args: dict[str, Any]) -> dict[str, Any]:
        message = self.messages.get(args.get("ts", ""))
        if args.get("channel") != CHANNEL:
            return {"ok": False, "error": "channel_not_found"}
        if message is None:
            return {"ok": False, "error": "message_not_found"}
        error = refusal_of(args.get("text", ""), args.get("blocks", []))
        if error is not None:
            return {"ok": False, "error": error}
        message.text, message.blocks = args["text"], args.get("blocks", [])
        message.updates += 1
        return {"ok": True, "channel": CHANNEL, "ts": message.ts}

    def _whisper(self, args: dict[str, Any]) -> dict[str, Any]:
        if args.get("channel") != CHANNEL:
            return {"ok": False, "error": "channel_not_found"}
        if not args.get("text"):
            return {"ok": False, "error": "no_text"}
        self.whispers.append(Whisper(args["channel"], args["user"], args["text"]))
        return {"ok": True, "message_ts": f"1790848800.{next(self._count):06d}"}

    def _open_view(self, args: dict[str, Any]) -> dict[str, Any]:
        opened = self._triggers.pop(args.get("trigger_id", ""), None)
        if opened is None:
            return {"ok": False, "error": "exchanged_trigger_id"}
        if time.monotonic() - opened > 3:
            return {"ok": False, "error": "expired_trigger_id"}
        error = refusal_of_view(args["view"])
        if error is not None:
            return {"ok": False, "error": error}
        name = f"V{next(self._count)}"
        self.views[name] = {**args["view"], "id": name, "app_id": APP, "team_id": WORKSPACE}
        return {"ok": True, "view": self.views[name]}

    # Socket Mode

    async def link(self, request: web.Request) -> web.StreamResponse:
        self.tickets_tried += 1
        ticket = request.query.get("ticket", "")
        if ticket not in self._good_tickets:
            return web.Response(status=403, text="invalid ticket")
        self._good_tickets.discard(ticket)
        socket = web.WebSocketResponse()
        await socket.prepare(request)
        self._sockets.append(socket)
        await socket.send_json(
            {
                "type": "hello",
                "num_connections": self.sockets,
                "connection_info": {"app_id": APP},
                "debug_info": {"host": "local"},
            }
        )
        async for frame in socket:
            if frame.type is WSMsgType.TEXT:
                said = json.loads(frame.data)
                future = self._acks.pop(said.get("envelope_id"), None)
                if future is not None and not future.done():
                    future.set_result(said.get("payload"))
        return socket


@contextlib.asynccontextmanager
async def local_slack(slack: LocalSlack | None = None) -> AsyncIterator[LocalSlack]:
    slack = slack or LocalSlack()
    app = web.Application()
    app.router.add_post("/api/{method}", slack.call)
    app.router.add_post("/actions/{name}", slack.answer)
    app.router.add_get("/link", slack.link)
    runner = web.AppRunner(app, shutdown_timeout=0.1, access_log=None)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    host, port = runner.addresses[0][:2]
    slack.base = f"http://{host}:{port}"
    try:
        yield slack
    finally:
        await slack.cut()
        await runner.cleanup()
