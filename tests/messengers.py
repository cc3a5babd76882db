"""Messengers on loopback that hold their clients to what the real ones document."""

import json
import re
import threading
from collections.abc import Mapping
from html.parser import HTMLParser
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Self
from urllib.parse import parse_qsl

Answer = tuple[int, Any]
"""A status, and what stands in the body: JSON, or a text that is none."""


class Messenger:
    """Listens while it is open. `posted` answers a request; `sent` holds what was taken."""

    def __init__(self) -> None:
        self.sent: list[dict[str, Any]] = []
        messenger = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
                fields = {name.lower(): value for name, value in self.headers.items()}
                status, said = messenger.posted(self.path, fields, body)
                octets = said.encode() if isinstance(said, str) else json.dumps(said).encode()
                self.send_response(status)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(octets)))
                self.end_headers()
                self.wfile.write(octets)

            def log_message(self, *_: object) -> None:
                """Say nothing."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_port}"

    def posted(self, path: str, fields: Mapping[str, str], body: bytes) -> Answer:
        raise NotImplementedError

    def __enter__(self) -> Self:
        threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()


class BotApi(Messenger):
    """Telegram's Bot API, as far as sendMessage goes, with one bot that is in `chats`.

    `topics` are those that are open. `kicked` chats have thrown the bot out; `upgraded` ones have
    another number. `too_fast` requests are answered with 429 and `retry_after` seconds.
    """

    def __init__(self, token: str, *chats: int | str) -> None:
        super().__init__()
        self.token, self.chats = token, chats
        self.topics: set[int] = set()
        self.kicked: set[int | str] = set()
        self.upgraded: dict[int | str, int] = {}
        self.too_fast, self.retry_after = 0, 35

    def posted(self, path: str, fields: Mapping[str, str], body: bytes) -> Answer:
        if not re.fullmatch(r"/bot[0-9]+:[A-Za-z0-9_-]+/sendMessage", path):
            return _no(404, "Not Found")
        if path != f"/bot{self.token}/sendMessage":
            return _no(401, "Unauthorized")
        if self.too_fast:
            self.too_fast -= 1
            said = f"Too Many Requests: retry after {self.retry_after}"
            return _no(429, said, retry_after=self.retry_after)
        if fields.get("content-type") != "application/json":
            return _no(400, "Bad Request: message text is empty")
        return self._taken(json.loads(body))

    def _taken(self, message: dict[str, Any]) -> Answer:
        chat = message.get("chat_id")
        if chat in self.upgraded:
            said = "Bad Request: group chat was upgraded to a supergroup chat"
            return _no(400, said, migrate_to_chat_id=self.upgraded[chat])
        if chat in self.kicked:
            return _no(403, "Forbidden: bot was kicked from the supergroup chat")
        if chat not in self.chats:
            return _no(400, "Bad Request: chat not found")
        if message.get("message_thread_id", 0) not in {0, *self.topics}:
            return _no(400, "Bad Request: message thread not found")
        entities = _Entities()
        if fault := entities.fault(message["text"]):
            return _no(400, f"Bad Request: can't parse entities: {fault}")
        if not entities.text.strip():
            return _no(400, "Bad Request: message text is empty")
        if len(entities.text.encode("utf-16-le")) // 2 > 4096:
            return _no(400, "Bad Request: message is too long")
        answered = message.get("reply_parameters", {})
        known = {each["message_id"] for each in self.sent if each["chat_id"] == chat}
        if answered and answered["message_id"] not in known:
            if not answered.get("allow_sending_without_reply"):
                return _no(400, "Bad Request: message to be replied not found")
            message.pop("reply_parameters")
        number = len(self.sent) + 100
        self.sent.append({**message, "message_id": number, "seen": entities.text})
        result = {"message_id": number, "chat": {"id": chat}, "text": entities.text}
        return 200, {"ok": True, "result": result}


def _no(status: int, description: str, **parameters: int) -> Answer:
    said = {"ok": False, "error_code": status, "description": description}
    return status, {**said, "parameters": parameters} if parameters else said


class _Entities(HTMLParser):
    """Reads the HTML of a message, and is as strict about it as the API."""

    KNOWN = frozenset({"b", "strong", "i", "em", "u", "s", "a", "code", "pre", "blockquote"})

    def __init__(self) -> None:
        super().__init__(convert_charrefs=False)
        self.text, self._open, self._fault = "", [], ""

    def fault(self, text: str) -> str:
        """Return what is wrong with a text, "" for nothing."""
        self.feed(text)
        self.close()
        if self._open and not self._fault:
            self._fault = f"Can't find end tag corresponding to start tag {self._open[-1]}"
        return self._fault

    def handle_starttag(self, tag: str, attrs: Any) -> None:
        if tag not in self.KNOWN:
            self._fault = self._fault or f'Unsupported start tag "{tag}"'
        self._open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        if not self._open or self._open.pop() != tag:
            self._fault = self._fault or f'Unmatched end tag "{tag}"'

    def handle_data(self, data: str) -> None:
        if "<" in data:
            self._fault = self._fault or "Unclosed start tag"
        self.text += data

    def handle_entityref(self, name: str) -> None:
        known = {"lt": "<", "gt": ">", "amp": "&", "quot": '"'}
        self.text += known.get(name, f"&{name};")


class Fonnte(Messenger):
    """Fonnte, which answers 200 whatever it thinks of a message."""

    def __init__(self, token: str) -> None:
        super().__init__()
        self.token, self.reason = token, ""

    def posted(self, path: str, fields: Mapping[str, str], body: bytes) -> Answer:
        if path != "/send":
            return 404, "<html>no such page</html>"
        if fields.get("authorization") != self.token:
            return 200, {"Status": False, "reason": "invalid token"}
        form = dict(parse_qsl(body.decode(), strict_parsing=True))
        if not re.fullmatch(r"[0-9]{8,15}|[0-9-]+@g\.us", form.get("target", "")):
            return 200, {"status": False, "reason": "target invalid"}
        if self.reason:
            return 200, {"status": False, "reason": self.reason}
        # A message may hold variables, which are filled in.
        form["message"] = re.sub(r"\{[^{}]*\}", "", form["message"])
        self.sent.append(form)
        return 200, {"detail": "success! message in queue", "id": ["1"], "status": True}


class Waha(Messenger):
    """WAHA: 201 and the message, or an error with its status."""

    def __init__(self, key: str, session: str = "default") -> None:
        super().__init__()
        self.key, self.session, self.state = key, session, "WORKING"

    def posted(self, path: str, fields: Mapping[str, str], body: bytes) -> Answer:
        if fields.get("x-api-key", "") != self.key:
            return 401, {"message": "Unauthorized", "statusCode": 401}
        if path != "/api/sendText" or fields.get("content-type") != "application/json":
            return 404, {"message": f"Cannot POST {path}", "statusCode": 404}
        message = json.loads(body)
        if message["session"] != self.session:
            return 404, {"message": f"Session {message['session']} does not exist"}
        if self.state != "WORKING":
            said = "Session status is not as expected. Try again later or restart the session"
            return 422, {"error": said, "status": self.state, "expected": ["WORKING"]}
        if not re.fullmatch(r"[0-9]{8,15}@c\.us|[0-9-]+@g\.us", message["chatId"]):
            return 500, {"message": "invalid chatId"}
        self.sent.append(message)
        return 201, {"id": {"fromMe": True, "id": "3EB0"}, "body": message["text"]}


class Wablas(Messenger):
    """Wablas, with a device's token and secret key."""

    def __init__(self, credentials: str) -> None:
        super().__init__()
        self.credentials = credentials

    def posted(self, path: str, fields: Mapping[str, str], body: bytes) -> Answer:
        if path != "/api/send-message":
            return 404, "<html>no such page</html>"
        if fields.get("authorization") != self.credentials:
            return 401, {"status": False, "message": "token invalid"}
        form = dict(parse_qsl(body.decode(), strict_parsing=True))
        is_group = form.get("isGroup") == "true"
        if not re.fullmatch(r"[0-9-]{8,}" if is_group else "[0-9]{8,15}", form.get("phone", "")):
            return 200, {"status": False, "message": "phone number invalid"}
        self.sent.append(form)
        return 200, {"status": True, "message": "Message is pending and waiting to be processed."}
