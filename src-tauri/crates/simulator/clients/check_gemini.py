"""Drives a running simulator of the Gemini API with Google's own Python client, and fails if that client misunderstands
anything.

    pip install -r requirements.txt
    python check_gemini.py http://127.0.0.1:8317
"""

import io
import json
import sys
import tempfile
import time
import urllib.request

from google import genai
from google.genai import errors, types
from PIL import Image, ImageDraw

BASE_URL = sys.argv[1]
MODEL = "gemini-3.8-flash"
DRAWN = {"red": (40, 30, 200, 150), "blue": (300, 120, 520, 400), "green": (60, 260, 180, 420)}
WIDTH, HEIGHT = 640, 480


# A client that is dropped closes its streams.
CLIENTS = []


def client(key="any", **options):
    CLIENTS.append(genai.Client(api_key=key, http_options=types.HttpOptions(base_url=BASE_URL, **options)))
    return CLIENTS[-1]


def faults(*wanted):
    body = json.dumps(wanted).encode()
    urllib.request.urlopen(urllib.request.Request(f"{BASE_URL}/simulator/faults", body)).read()


def image():
    image = Image.new("RGB", (WIDTH, HEIGHT), (168, 170, 172))
    draw = ImageDraw.Draw(image)
    for colour, (left, top, right, bottom) in DRAWN.items():
        draw.rectangle((left, top, right - 1, bottom - 1), fill=colour)
    buffer = io.BytesIO()
    image.save(buffer, "PNG")
    return types.Part.from_bytes(data=buffer.getvalue(), mime_type="image/png")


MARK = {
    "type": "object",
    "required": ["label", "box_2d"],
    "properties": {
        "label": {"type": "string", "enum": list(DRAWN)},
        "box_2d": {"type": "array", "items": {"type": "integer"}, "minItems": 4, "maxItems": 4},
    },
}
SCHEMA = {"type": "object", "required": ["marks"], "properties": {"marks": {"type": "array", "items": MARK}}}


def request(model=MODEL, **changes):
    config = {
        "system_instruction": "You annotate.",
        "response_mime_type": "application/json",
        "response_json_schema": SCHEMA,
        "max_output_tokens": 4096,
        "media_resolution": types.MediaResolution.MEDIA_RESOLUTION_HIGH,
        **changes,
    }
    return {"model": model, "contents": [image(), "Annotate."], "config": types.GenerateContentConfig(**config)}


def check_marks(text):
    marks = json.loads(text)["marks"]
    assert sorted(mark["label"] for mark in marks) == sorted(DRAWN), marks
    for mark in marks:
        top, left, bottom, right = mark["box_2d"]
        edges = (left * WIDTH / 1000, top * HEIGHT / 1000, right * WIDTH / 1000, bottom * HEIGHT / 1000)
        assert all(abs(edge - drawn) <= 1.5 for edge, drawn in zip(edges, DRAWN[mark["label"]])), mark


def check_usage(usage):
    counts = (usage.prompt_token_count, usage.candidates_token_count, usage.thoughts_token_count)
    assert usage.total_token_count == sum(counts) and usage.prompt_token_count > 1120 and all(counts), usage


def plain():
    answer = client().models.generate_content(**request())
    assert answer.candidates[0].finish_reason == types.FinishReason.STOP
    assert answer.model_version == MODEL and answer.response_id
    check_usage(answer.usage_metadata)
    check_marks(answer.text)


def streamed():
    chunks = list(client().models.generate_content_stream(**request()))
    assert len(chunks) > 3
    assert [chunk.candidates[0].finish_reason for chunk in chunks[:-1]] == [None] * (len(chunks) - 1)
    assert chunks[-1].candidates[0].finish_reason == types.FinishReason.STOP
    check_usage(chunks[-1].usage_metadata)
    check_marks("".join(chunk.text or "" for chunk in chunks))


def resolutions():
    def prompt(**changes):
        return client().models.generate_content(**request(**changes)).usage_metadata.prompt_token_count

    low = prompt(media_resolution=types.MediaResolution.MEDIA_RESOLUTION_LOW)
    assert prompt() - low == 1120 - 280
    highest = request(media_resolution=None)
    highest["contents"][0].media_resolution = types.PartMediaResolution(level="MEDIA_RESOLUTION_ULTRA_HIGH")
    answer = client().models.generate_content(**highest)
    assert answer.usage_metadata.prompt_token_count - low == 2240 - 280
    tiles = client().models.generate_content(**request("gemini-2.5-flash"))
    assert tiles.usage_metadata.prompt_token_count - low == 258 - 280


def thinking():
    level = types.ThinkingConfig(thinking_level=types.ThinkingLevel.LOW)
    low = client().models.generate_content(**request(thinking_config=level)).usage_metadata
    usual = client().models.generate_content(**request()).usage_metadata
    assert 0 < low.thoughts_token_count < usual.thoughts_token_count


def catalogue():
    pages = client().models.list(config={"page_size": 3})
    assert len(pages.page) == 3 and pages.page[0].name.startswith("models/")
    names = [model.name for model in pages]
    assert len(names) > 5 and len(set(names)) == len(names) and f"models/{MODEL}" in names, names
    model = client().models.get(model=MODEL)
    assert model.output_token_limit > 1000 and "generateContent" in model.supported_actions


def refused(code, status, act, words=""):
    try:
        act()
    except errors.APIError as caught:
        kind = errors.ClientError if code < 500 else errors.ServerError
        assert type(caught) is kind and (caught.code, caught.status) == (code, status), caught
        assert words in str(caught.details), caught
        return caught
    raise AssertionError(f"expected {code} {status}")


def check_errors():
    ask = lambda **changes: lambda: client().models.generate_content(**request(**changes))
    with_key = lambda key: lambda: client(key).models.generate_content(**request())
    refused(400, "INVALID_ARGUMENT", with_key("sk-simulated-wrong"), "API_KEY_INVALID")
    refused(400, "INVALID_ARGUMENT", with_key("sk-simulated-expired"), "expired")
    refused(429, "RESOURCE_EXHAUSTED", with_key("sk-simulated-no-credit"), "limit: 0")
    refused(403, "PERMISSION_DENIED", with_key("sk-simulated-forbidden"))
    refused(404, "NOT_FOUND", ask(model="gemini-imaginary-1"))
    refused(400, "INVALID_ARGUMENT", ask(response_modalities=["TEXT"], stop_sequences=["x"], max_output_tokens=10**6))
    refused(400, "INVALID_ARGUMENT", ask(response_mime_type=None), "mime type")
    refused(400, "INVALID_ARGUMENT", ask(response_json_schema={"type": "string", "minLength": 1}), "minLength")
    faults({"fault": "rate_limited", "retry_after_seconds": 46})
    exhausted = refused(429, "RESOURCE_EXHAUSTED", ask(), "PerMinute")
    assert {"retryDelay": "46s"}.items() <= exhausted.details["error"]["details"][-1].items()
    assert "retry-after" not in exhausted.response.headers
    faults({"fault": "spend_limit"})
    refused(429, "RESOURCE_EXHAUSTED", ask(), "PerDay")
    for fault, code, status in (
        ("overloaded", 503, "UNAVAILABLE"),
        ("internal_error", 500, "INTERNAL"),
        ("timed_out", 504, "DEADLINE_EXCEEDED"),
    ):
        faults({"fault": fault})
        refused(code, status, ask())
    faults({"fault": "error_in_stream", "after_events": 3})
    refused(503, "UNAVAILABLE", lambda: list(client().models.generate_content_stream(**request())))


def declined_and_cut_off():
    faults({"fault": "refusal"}, {"fault": "refusal"}, {"fault": "max_tokens"})
    ask = lambda: client().models.generate_content(**request())
    declined = ask()
    assert declined.candidates[0].finish_reason == types.FinishReason.SAFETY and not declined.text
    declined = list(client().models.generate_content_stream(**request()))
    assert declined[-1].candidates[0].finish_reason == types.FinishReason.SAFETY
    assert ask().candidates[0].finish_reason == types.FinishReason.MAX_TOKENS


def broken_streams():
    for fault in ("broken", "stall"):
        faults({"fault": fault, "after_events": 3})
        try:
            list(client(timeout=2000).models.generate_content_stream(**request()))
        except Exception as error:  # The client lets the transport's own errors through in a stream.
            assert not isinstance(error, errors.APIError), error
        else:
            raise AssertionError(f"{fault}: the stream should have failed")


def retried():
    faults({"fault": "overloaded"}, {"fault": "rate_limited", "retry_after_seconds": 1})
    again = client(retry_options=types.HttpRetryOptions(attempts=3, initial_delay=0.1))
    check_marks(again.models.generate_content(**request()).text)


def ended(name):
    for _ in range(1000):
        job = client().batches.get(name=name)
        if job.done:
            return job
        time.sleep(0.02)
    raise AssertionError("the batch does not end")


def inlined(key, **changes):
    asked = request(**changes)
    contents = [types.Content(role="user", parts=[asked["contents"][0], types.Part(text=asked["contents"][1])])]
    return types.InlinedRequest(contents=contents, config=asked["config"], metadata={"key": key})


def inlined_batches():
    requests = [inlined(f"good-{index}") for index in range(4)] + [inlined("bad", max_output_tokens=10**6)]
    job = client().batches.create(model=MODEL, src=requests, config={"display_name": "mine"})
    assert job.name.startswith("batches/") and job.display_name == "mine" and job.create_time, job
    done = ended(job.name)
    assert (done.state, done.dest.file_name) == (types.JobState.JOB_STATE_SUCCEEDED, None)
    answers = {answer.metadata["key"]: answer for answer in done.dest.inlined_responses}
    assert sorted(answers) == ["bad", "good-0", "good-1", "good-2", "good-3"]
    assert answers["bad"].response is None and answers["bad"].error.code == 3, answers["bad"]
    for key, answer in answers.items():
        if key != "bad":
            check_usage(answer.response.usage_metadata)
            check_marks(answer.response.candidates[0].content.parts[-1].text)
    jobs = client().batches.list(config={"page_size": 1})
    assert jobs.page[0].name == job.name
    refused(400, "INVALID_ARGUMENT", lambda: client().batches.cancel(name=job.name))
    refused(404, "NOT_FOUND", lambda: client().batches.get(name="batches/unknown"))
    refused(404, "NOT_FOUND", lambda: client().batches.create(model="gemini-imaginary-1", src=requests))


def batches_of_files():
    asked = {"contents": [{"role": "user", "parts": [{"text": "What do you see?"}]}]}
    lines = [{"key": f"line-{index}", "request": asked} for index in range(3)]
    with tempfile.NamedTemporaryFile("w", suffix=".jsonl") as file:
        file.write("".join(json.dumps(line) + "\n" for line in lines))
        file.flush()
        config = types.UploadFileConfig(display_name="mine", mime_type="application/jsonl")
        uploaded = client().files.upload(file=file.name, config=config)
    assert uploaded.name.startswith("files/") and uploaded.display_name == "mine", uploaded
    assert client().files.get(name=uploaded.name).size_bytes == uploaded.size_bytes
    job = ended(client().batches.create(model=MODEL, src=uploaded.name, config={"display_name": "mine"}).name)
    assert job.state == types.JobState.JOB_STATE_SUCCEEDED and job.dest.inlined_responses is None, job
    content = client().files.download(file=job.dest.file_name).decode()
    answers = {line["key"]: line["response"] for line in map(json.loads, content.splitlines())}
    assert sorted(answers) == ["line-0", "line-1", "line-2"]
    assert answers["line-1"]["candidates"][0]["finishReason"] == "STOP"
    refused(403, "PERMISSION_DENIED", lambda: client().files.download(file=uploaded.name))
    for name in (uploaded.name, job.dest.file_name):
        client().files.delete(name=name)
        refused(403, "PERMISSION_DENIED", lambda: client().files.get(name=name))
    refused(400, "INVALID_ARGUMENT", lambda: client().batches.create(model=MODEL, src=uploaded.name))


CHECKS = (
    plain, streamed, resolutions, thinking, catalogue, check_errors, declined_and_cut_off, broken_streams, retried,
    inlined_batches, batches_of_files
)
for check in CHECKS:
    check()
    print(f"ok: {check.__name__}")
print(f"google-genai {genai.__version__}: {len(CHECKS)} checks passed")
