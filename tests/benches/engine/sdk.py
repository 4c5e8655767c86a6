"""Anthropic's own client at the same work: every picture of a folder, encoded anew without metadata, asked about with a
stream. Prints the processor time that went into requests, pictures prepared beforehand aside."""

import asyncio
import base64
import io
import json
import sys
import time
from pathlib import Path

import anthropic
from PIL import Image, ImageOps

url, model, at_once, folder = sys.argv[1], sys.argv[2], int(sys.argv[3]), Path(sys.argv[4])
schema = {
    "type": "object",
    "properties": {
        "marks": {
            "type": "array",
            "items": {
                "type": "object",
                "properties": {
                    "label": {"type": "string", "enum": ["red", "green", "blue"]},
                    **{side: {"type": "integer"} for side in ("x1", "y1", "x2", "y2")},
                },
                "required": ["label", "x1", "y1", "x2", "y2"],
                "additionalProperties": False,
            },
        }
    },
    "required": ["marks"],
    "additionalProperties": False,
}


def prepared(path: Path) -> str:
    with Image.open(path) as picture:
        upright = ImageOps.exif_transpose(picture)
        encoded = io.BytesIO()
        upright.save(encoded, "JPEG", quality=90)
    return base64.b64encode(encoded.getvalue()).decode()


async def ask(client: anthropic.AsyncAnthropic, places: asyncio.Semaphore, data: str) -> None:
    async with places:
        stream = await client.messages.create(
            model=model,
            max_tokens=4096,
            stream=True,
            messages=[
                {
                    "role": "user",
                    "content": [
                        {"type": "image", "source": {"type": "base64", "media_type": "image/jpeg", "data": data}},
                        {"type": "text", "text": "Annotate."},
                    ],
                }
            ],
            output_config={"format": {"type": "json_schema", "schema": schema}},
        )
        async for _ in stream:
            pass


async def main() -> None:
    pictures = [prepared(path) for path in sorted(folder.iterdir())]
    client = anthropic.AsyncAnthropic(base_url=url, api_key="sk-any", max_retries=10)
    places = asyncio.Semaphore(at_once)
    began = time.process_time()
    await asyncio.gather(*(ask(client, places, data) for data in pictures))
    print(json.dumps({"request_cpu_seconds": time.process_time() - began}))


asyncio.run(main())
