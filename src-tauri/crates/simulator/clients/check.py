"""Drives a running simulator with Anthropic's own Python client, and fails if that client misunderstands anything.

    pip install -r requirements.txt
    python check.py http://127.0.0.1:8317
"""

import base64
import io
import json
import sys
import time
import urllib.request

import anthropic
from anthropic import Anthropic
from PIL import Image, ImageDraw

BASE_URL = sys.argv[1]
MODEL = "claude-sonnet-5-5"
DRAWN = {"red": (40, 30, 200, 150), "blue": (300, 120, 520, 400), "green": (60, 260, 180, 420)}


def client(key="sk-any", **options):
    return Anthropic(api_key=key, base_url=BASE_URL, max_retries=0, **options)


def faults(*wanted):
    body = json.dumps(wanted).encode()
    urllib.request.urlopen(urllib.request.Request(f"{BASE_URL}/simulator/faults", body)).read()


def ledger():
    return json.load(urllib.request.urlopen(f"{BASE_URL}/simulator/ledger"))


def image_block():
    image = Image.new("RGB", (640, 480), (170, 170, 170))
    draw = ImageDraw.Draw(image)
    for colour, (left, top, right, bottom) in DRAWN.items():
        draw.rectangle((left, top, right - 1, bottom - 1), fill=colour)
    buffer = io.BytesIO()
    image.save(buffer, "JPEG", quality=85)
    return {
        "type": "image",
        "source": {"type": "base64", "media_type": "image/jpeg", "data": base64.b64encode(buffer.getvalue()).decode()},
        "transformations": {"oversized_image": "error"},
    }


INTEGER = {"type": "integer"}
SCHEMA = {
    "type": "object",
    "additionalProperties": False,
    "required": ["marks"],
    "properties": {
        "marks": {
            "type": "array",
            "items": {
                "type": "object",
                "additionalProperties": False,
                "required": ["label", "x1", "y1", "x2", "y2"],
                "properties": {
                    "label": {"type": "string", "enum": list(DRAWN)},
                    "x1": INTEGER, "y1": INTEGER, "x2": INTEGER, "y2": INTEGER,
                },
            },
        }
    },
}
MESSAGES = [{"role": "user", "content": [image_block(), {"type": "text", "text": "Annotate. The image is 640x480 px."}]}]
STRUCTURED = {"effort": "low", "format": {"type": "json_schema", "schema": SCHEMA}}
REQUEST = {"model": MODEL, "max_tokens": 4096, "messages": MESSAGES, "output_config": STRUCTURED}


def check_marks(answer):
    marks = {mark["label"]: tuple(mark[edge] for edge in ("x1", "y1", "x2", "y2")) for mark in answer["marks"]}
    assert marks.keys() == DRAWN.keys(), marks
    for label, edges in DRAWN.items():
        assert all(abs(found - drawn) <= 1 for found, drawn in zip(marks[label], edges)), (label, marks[label], edges)


def text_of(message):
    return next(block.text for block in message.content if block.type == "text")


def plain():
    message = client().messages.create(**REQUEST)
    assert message.stop_reason == "end_turn" and message.content[0].type == "thinking"
    assert message.usage.input_tokens > 414 and message.usage.output_tokens_details.thinking_tokens > 0
    check_marks(json.loads(text_of(message)))


def streamed():
    kinds, partial = [], ""
    with client().messages.stream(**REQUEST) as stream:
        for event in stream:
            kinds.append(event.type)
            if event.type == "text":
                partial += event.text
        message = stream.get_final_message()
    assert kinds[0] == "message_start" and kinds[-1] == "message_stop", kinds
    assert partial == text_of(message)
    check_marks(json.loads(partial))
    billed = next(entry for entry in ledger()["billed"] if entry["message_id"] == message.id)
    assert billed["usage"]["output_tokens"] == message.usage.output_tokens
    assert billed["delivery"] == "whole", billed


def tool():
    tools = [{"name": "record", "strict": True, "input_schema": SCHEMA}]
    choice = {"type": "tool", "name": "record", "disable_parallel_tool_use": True}
    asked = {"model": "claude-haiku-5-5", "max_tokens": 4096, "messages": MESSAGES, "tools": tools, "tool_choice": choice}
    for is_streamed in (False, True):
        if is_streamed:
            with client().messages.stream(**asked) as stream:
                message = stream.get_final_message()
        else:
            message = client().messages.create(**asked)
        assert message.stop_reason == "tool_use"
        check_marks(next(block.input for block in message.content if block.type == "tool_use"))


def cached():
    system = [{"type": "text", "text": "Guideline. " * 400, "cache_control": {"type": "ephemeral", "ttl": "5m"}}]
    first, second = (client().messages.create(**REQUEST, system=system) for _ in range(2))
    written = first.usage.cache_creation.ephemeral_5m_input_tokens
    assert written > 512 and second.usage.cache_read_input_tokens == written, (first.usage, second.usage)


def counted():
    count = client().messages.count_tokens(model=MODEL, messages=MESSAGES, output_config=STRUCTURED).input_tokens
    assert count == client().messages.create(**REQUEST).usage.input_tokens


def catalogue():
    models = {model.id: model for model in client().models.list(limit=3)}
    assert len(models) > 10 and models["claude-sonnet-4-5-20250929"].retires_at.isoformat().startswith("2026-11-30")
    assert client().models.retrieve(MODEL).capabilities.image_input.supported


def refused(error, act):
    try:
        act()
    except error as caught:
        assert type(caught) is error or error is anthropic.APIStatusError, type(caught)
        return caught
    raise AssertionError(f"expected {error.__name__}")


def errors():
    ask = lambda **changes: client().messages.create(**{**REQUEST, **changes})
    with_key = lambda key: lambda: client(key).messages.create(**REQUEST)
    assert refused(anthropic.AuthenticationError, with_key("sk-simulated-wrong")).request_id
    assert refused(anthropic.APIStatusError, with_key("sk-simulated-no-credit")).status_code == 402
    refused(anthropic.PermissionDeniedError, with_key("sk-simulated-forbidden"))
    refused(anthropic.NotFoundError, lambda: ask(model="claude-imaginary-1"))
    refused(anthropic.BadRequestError, lambda: ask(extra_body={"temperature": 0.2}))
    refused(anthropic.BadRequestError, lambda: ask(extra_body={"colour": "red"}))
    faults({"fault": "rate_limited", "retry_after_seconds": 2})
    assert refused(anthropic.RateLimitError, ask).response.headers["retry-after"] == "2"
    faults({"fault": "spend_limit"})
    spent = refused(anthropic.EnforcedSpendLimitReachedError, ask)
    assert spent.body["error"]["details"]["error_code"] == "enforced_spend_limit_reached"
    faults({"fault": "ramp_limited", "retry_after_seconds": 1})
    refused(anthropic.RampLimitExceededError, ask)
    for fault, status in (("overloaded", 529), ("internal_error", 500), ("timed_out", 504), ("too_large", 413)):
        faults({"fault": fault})
        assert refused(anthropic.APIStatusError, ask).status_code == status


def broken_streams():
    def read():
        with client(timeout=2).messages.stream(**REQUEST) as stream:
            return stream.get_final_message()

    faults({"fault": "error_in_stream", "after_events": 4})
    assert "overloaded_error" in str(refused(anthropic.APIStatusError, read))
    for fault in ("broken", "stall"):
        faults({"fault": fault, "after_events": 4})
        try:
            read()
        except Exception as error:  # The client lets the transport's own errors through in a stream.
            assert not isinstance(error, anthropic.APIStatusError), error
        else:
            raise AssertionError(f"{fault}: the stream should have failed")
    faults({"fault": "refusal"}, {"fault": "max_tokens"})
    assert read().stop_reason == "refusal"
    assert read().stop_reason == "max_tokens"


def batched():
    batches = client().messages.batches
    good = {"model": MODEL, "max_tokens": 4096, "messages": MESSAGES, "output_config": STRUCTURED}
    wanted = {f"good-{index}": good for index in range(4)} | {"bad": {**good, "model": "claude-imaginary-1"}}
    requests = [{"custom_id": custom_id, "params": params} for custom_id, params in wanted.items()]
    batch = batches.create(requests=requests)
    assert batch.type == "message_batch" and batch.expires_at > batch.created_at
    while batch.processing_status != "ended":
        time.sleep(0.05)
        batch = batches.retrieve(batch.id)
    assert (batch.request_counts.succeeded, batch.request_counts.errored) == (4, 1), batch.request_counts
    results = {line.custom_id: line.result for line in batches.results(batch.id)}
    assert results.keys() == wanted.keys()
    check_marks(json.loads(text_of(results["good-2"].message)))
    assert results["good-2"].message.usage.service_tier == "batch"
    assert results["bad"].error.error.type == "not_found_error", results["bad"]
    alone = client().messages.create(**good)
    prices = {entry["message_id"]: entry["pico_dollars"] for entry in ledger()["billed"]}
    assert prices[results["good-2"].message.id] * 2 == prices[alone.id]
    refused(anthropic.BadRequestError, lambda: batches.cancel(batch.id))
    refused(anthropic.BadRequestError, lambda: batches.create(requests=requests[:1] * 2))
    refused(anthropic.NotFoundError, lambda: batches.retrieve("msgbatch_unknown"))

    # The batch is accepted, and the client never hears of it.
    faults({"fault": "batch_reply_lost"})
    refused(anthropic.APIConnectionError, lambda: batches.create(requests=requests[:1]))
    listed = [batch.id for batch in batches.list(limit=1)]
    assert len(listed) == 2 and listed[1] == batch.id, listed


def retried():
    faults({"fault": "overloaded"}, {"fault": "rate_limited", "retry_after_seconds": 1})
    message = Anthropic(api_key="sk-any", base_url=BASE_URL, max_retries=2).messages.create(**REQUEST)
    check_marks(json.loads(text_of(message)))


CHECKS = (plain, streamed, tool, cached, counted, catalogue, errors, broken_streams, batched, retried)
for check in CHECKS:
    check()
    print(f"ok: {check.__name__}")
print(f"anthropic {anthropic.__version__}: {len(CHECKS)} checks passed")
