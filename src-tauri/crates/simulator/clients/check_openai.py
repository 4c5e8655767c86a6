"""Drives a running simulator of chat completions with OpenAI's own Python client, and fails if that client misunderstands
anything.

    pip install -r requirements.txt
    python check_openai.py http://127.0.0.1:8317
"""

import base64
import io
import json
import sys
import time
import urllib.request

import openai
from openai import OpenAI
from PIL import Image, ImageDraw

BASE_URL = sys.argv[1]
MODEL = "gpt-6-luna"
DRAWN = {"red": (40, 30, 200, 150), "blue": (300, 120, 520, 400), "green": (60, 260, 180, 420)}


def client(key="sk-any", **options):
    return OpenAI(api_key=key, base_url=f"{BASE_URL}/v1", **{"max_retries": 0, **options})


def faults(*wanted):
    body = json.dumps(wanted).encode()
    urllib.request.urlopen(urllib.request.Request(f"{BASE_URL}/simulator/faults", body)).read()


def image_url():
    image = Image.new("RGB", (640, 480), (168, 170, 172))
    draw = ImageDraw.Draw(image)
    for colour, (left, top, right, bottom) in DRAWN.items():
        draw.rectangle((left, top, right - 1, bottom - 1), fill=colour)
    buffer = io.BytesIO()
    image.save(buffer, "PNG")
    return "data:image/png;base64," + base64.b64encode(buffer.getvalue()).decode()


INTEGER = {"type": "integer"}
MARK = {
    "type": "object",
    "additionalProperties": False,
    "required": ["label", "x1", "y1", "x2", "y2"],
    "properties": {"label": {"type": "string", "enum": list(DRAWN)}, **{edge: INTEGER for edge in ("x1", "y1", "x2", "y2")}},
}
SCHEMA = {
    "type": "object",
    "additionalProperties": False,
    "required": ["marks"],
    "properties": {"marks": {"type": "array", "items": MARK}},
}
REQUEST = {
    "model": MODEL,
    "max_completion_tokens": 4096,
    "reasoning_effort": "low",
    "messages": [
        {"role": "system", "content": "You annotate."},
        {
            "role": "user",
            "content": [
                {"type": "image_url", "image_url": {"url": image_url(), "detail": "high"}},
                {"type": "text", "text": "Annotate."},
            ],
        },
    ],
    "response_format": {
        "type": "json_schema",
        "json_schema": {"name": "annotations", "strict": True, "schema": SCHEMA},
    },
}


def check_marks(text):
    marks = json.loads(text)["marks"]
    assert sorted(mark["label"] for mark in marks) == sorted(DRAWN), marks
    for mark in marks:
        edges = (mark["x1"], mark["y1"], mark["x2"], mark["y2"])
        assert all(abs(edge - drawn) <= 1 for edge, drawn in zip(edges, DRAWN[mark["label"]])), mark


def plain():
    completion = client().chat.completions.create(**REQUEST)
    choice = completion.choices[0]
    assert (choice.finish_reason, choice.message.refusal) == ("stop", None)
    usage = completion.usage
    assert usage.total_tokens == usage.prompt_tokens + usage.completion_tokens
    assert usage.completion_tokens_details.reasoning_tokens > 0
    check_marks(choice.message.content)


def streamed():
    with client().chat.completions.stream(**REQUEST, stream_options={"include_usage": True}) as stream:
        partial = "".join(event.delta for event in stream if event.type == "content.delta")
        completion = stream.get_final_completion()
    assert partial == completion.choices[0].message.content
    assert completion.usage.prompt_tokens > 360
    check_marks(partial)


def catalogue():
    ids = [model.id for model in client().models.list()]
    assert MODEL in ids and len(ids) > 5
    assert client().models.retrieve(MODEL).id == MODEL


def refused(error, act, code=None):
    try:
        act()
    except error as caught:
        assert type(caught) is error or error is openai.APIStatusError, type(caught)
        assert code is None or caught.code == code, caught
        return caught
    raise AssertionError(f"expected {error.__name__}")


def errors():
    ask = lambda **changes: client().chat.completions.create(**{**REQUEST, **changes})
    with_key = lambda key: lambda: client(key).chat.completions.create(**REQUEST)
    assert refused(openai.AuthenticationError, with_key("sk-simulated-wrong"), "invalid_api_key").request_id
    refused(openai.RateLimitError, with_key("sk-simulated-no-credit"), "insufficient_quota")
    refused(openai.PermissionDeniedError, with_key("sk-simulated-forbidden"))
    refused(openai.NotFoundError, lambda: ask(model="gpt-imaginary-1"), "model_not_found")
    unknown = refused(openai.BadRequestError, lambda: ask(extra_body={"colour": "red"}), "unknown_parameter")
    assert unknown.param == "colour"
    refused(openai.BadRequestError, lambda: ask(temperature=0.2), "unsupported_value")
    faults({"fault": "rate_limited", "retry_after_seconds": 2})
    assert refused(openai.RateLimitError, ask, "rate_limit_exceeded").response.headers["retry-after"] == "2"
    for fault, status in (("overloaded", 503), ("internal_error", 500), ("timed_out", 504), ("too_large", 413)):
        faults({"fault": fault})
        assert refused(openai.APIStatusError, ask).status_code == status if status == 413 else refused(
            openai.InternalServerError, ask
        ).status_code == status


def declined_and_cut_off():
    faults({"fault": "refusal"}, {"fault": "max_tokens"})
    assert client().chat.completions.create(**REQUEST).choices[0].message.refusal
    assert client().chat.completions.create(**REQUEST).choices[0].finish_reason == "length"


def broken_streams():
    def read():
        return list(client(timeout=2).chat.completions.create(**REQUEST, stream=True))

    faults({"fault": "error_in_stream", "after_events": 4})
    refused(openai.APIError, read)
    for fault in ("broken", "stall"):
        faults({"fault": fault, "after_events": 4})
        try:
            read()
        except Exception as error:  # The client lets the transport's own errors through in a stream.
            assert not isinstance(error, openai.APIStatusError), error
        else:
            raise AssertionError(f"{fault}: the stream should have failed")


def retried():
    faults({"fault": "overloaded"}, {"fault": "rate_limited", "retry_after_seconds": 1})
    completion = client(max_retries=2).chat.completions.create(**REQUEST)
    check_marks(completion.choices[0].message.content)


def uploaded(lines, name="requests.jsonl"):
    content = "".join(json.dumps(line) + "\n" for line in lines).encode()
    return client().files.create(file=(name, content), purpose="batch")


def item(custom_id, **changes):
    return {
        "custom_id": custom_id,
        "method": "POST",
        "url": "/v1/chat/completions",
        "body": {**REQUEST, **changes},
    }


def created(file_id, **changes):
    options = {"endpoint": "/v1/chat/completions", "completion_window": "24h", "metadata": {"name": "mine"}, **changes}
    return client().batches.create(input_file_id=file_id, **options)


def ended(batch_id):
    for _ in range(1000):
        batch = client().batches.retrieve(batch_id)
        if batch.status in ("completed", "failed", "expired", "cancelled"):
            return batch
        time.sleep(0.02)
    raise AssertionError("the batch does not end")


def results(file_id):
    lines = [json.loads(line) for line in client().files.content(file_id).text.splitlines()]
    return {line["custom_id"]: line for line in lines}


def batches():
    file = uploaded([item(f"good-{index}") for index in range(5)] + [item("bad", temperature=0.2)])
    assert (file.purpose, file.filename) == ("batch", "requests.jsonl") and file.bytes > 1000
    assert client().files.retrieve(file.id) == file and file in list(client().files.list())
    batch = created(file.id)
    assert batch.status in ("validating", "in_progress", "finalizing", "completed"), batch.status
    assert (batch.metadata, batch.input_file_id) == ({"name": "mine"}, file.id)
    done = ended(batch.id)
    counts = done.request_counts
    assert (done.status, counts.total, counts.completed, counts.failed) == ("completed", 6, 5, 1), done
    answers, errors = results(done.output_file_id), results(done.error_file_id)
    assert sorted(answers) == [f"good-{index}" for index in range(5)] and list(errors) == ["bad"]
    for line in answers.values():
        assert (line["response"]["status_code"], line["error"]) == (200, None)
        check_marks(line["response"]["body"]["choices"][0]["message"]["content"])
    refused_line = errors["bad"]["response"]
    assert (refused_line["status_code"], refused_line["body"]["error"]["code"]) == (400, "unsupported_value")

    invalid = ended(created(uploaded([item("a"), item("a")]).id).id)
    assert (invalid.status, invalid.output_file_id) == ("failed", None)
    assert (invalid.errors.data[0].code, invalid.errors.data[0].line) == ("duplicate_custom_id", 2)
    pages = client().batches.list(limit=1)
    assert [found.id for found in pages] == [invalid.id, batch.id] and pages.has_more
    refused(openai.BadRequestError, lambda: client().batches.cancel(batch.id))
    refused(openai.NotFoundError, lambda: client().batches.retrieve("batch_unknown"))
    refused(openai.BadRequestError, lambda: created("file-unknown"))
    refused(openai.BadRequestError, lambda: created(file.id, completion_window="1h"))
    for file_id in (file.id, done.output_file_id, done.error_file_id):
        assert client().files.delete(file_id).deleted
        refused(openai.NotFoundError, lambda: client().files.content(file_id))


CHECKS = (plain, streamed, catalogue, errors, declined_and_cut_off, broken_streams, retried, batches)
for check in CHECKS:
    check()
    print(f"ok: {check.__name__}")
print(f"openai {openai.__version__}: {len(CHECKS)} checks passed")
