"""The official OpenAI and Anthropic SDKs against a running breakerbox: chat, streams, tools, schemas, errors.

Usage: check.py http://127.0.0.1:PORT. Prints one line per check; exits 1 when one fails.
"""

import sys
import traceback

import anthropic
import openai

BASE = sys.argv[1]
TEXT = (
    "Summarize in one sentence: The night shift found the pump running dry. They closed the inlet, "
    "called maintenance, and restarted the line an hour later without damage."
)
oai = openai.OpenAI(base_url=BASE + "/v1", api_key="unused", max_retries=0)
ant = anthropic.Anthropic(base_url=BASE, api_key="unused", max_retries=0)
WEATHER = {
    "type": "object",
    "properties": {"city": {"type": "string"}},
    "required": ["city"],
}


def openai_chat():
    answer = oai.chat.completions.create(model="summarize", messages=[{"role": "user", "content": TEXT}])
    assert answer.choices[0].message.content.strip()
    assert answer.choices[0].finish_reason == "stop"
    assert answer.usage.total_tokens > 0


def openai_headers():
    raw = oai.chat.completions.with_raw_response.create(
        model="summarize", messages=[{"role": "user", "content": TEXT + " Be brief."}]
    )
    assert raw.headers["x-breakerbox-rung"] in ("0", "1", "2")
    assert raw.headers["x-request-id"]


def openai_stream():
    text, finish, usage = "", None, None
    for chunk in oai.chat.completions.create(
        model="summarize",
        messages=[{"role": "developer", "content": "Answer plainly."}, {"role": "user", "content": TEXT}],
        stream=True,
        stream_options={"include_usage": True},
    ):
        usage = chunk.usage or usage
        if chunk.choices:
            text += chunk.choices[0].delta.content or ""
            finish = chunk.choices[0].finish_reason or finish
    assert text.strip() and finish == "stop", (text, finish)
    assert usage and usage.completion_tokens > 0


def openai_tools():
    tools = [{"type": "function", "function": {"name": "get_weather", "parameters": WEATHER}}]
    messages = [{"role": "user", "content": "What is the weather in Oslo?"}]
    first = oai.chat.completions.create(model="summarize", messages=messages, tools=tools, tool_choice="required")
    call = first.choices[0].message.tool_calls[0]
    assert call.function.name == "get_weather" and "city" in call.function.arguments
    assert first.choices[0].finish_reason == "tool_calls"
    messages.append(first.choices[0].message.model_dump(exclude_none=True))
    messages.append({"role": "tool", "tool_call_id": call.id, "content": "4 degrees, rain"})
    second = oai.chat.completions.create(model="summarize", messages=messages, tools=tools)
    assert second.choices[0].message.content


def openai_schema():
    answer = oai.chat.completions.create(
        model="summarize",
        messages=[{"role": "user", "content": "Extract the city: I live in Oslo."}],
        response_format={
            "type": "json_schema",
            "json_schema": {"name": "place", "strict": True, "schema": {**WEATHER, "additionalProperties": False}},
        },
    )
    import json

    assert "city" in json.loads(answer.choices[0].message.content)


def openai_not_found():
    try:
        oai.chat.completions.create(model="nobody", messages=[{"role": "user", "content": "x"}])
    except openai.NotFoundError as e:
        assert "summarize" in str(e)
        return
    raise AssertionError("no NotFoundError")


def openai_bad_request():
    try:
        oai.chat.completions.create(model="summarize", messages="not a list")
    except openai.BadRequestError:
        return
    raise AssertionError("no BadRequestError")


def openai_models():
    assert "summarize" in [m.id for m in oai.models.list()]
    assert oai.models.retrieve("summarize").id == "summarize"


def anthropic_message():
    answer = ant.messages.create(model="summarize", max_tokens=200, messages=[{"role": "user", "content": TEXT}])
    assert answer.content[0].text.strip()
    assert answer.stop_reason == "end_turn", answer.stop_reason
    assert answer.usage.output_tokens > 0


def anthropic_stream():
    with ant.messages.stream(
        model="summarize", max_tokens=200, messages=[{"role": "user", "content": TEXT}], system="Answer plainly."
    ) as stream:
        text = "".join(stream.text_stream)
        final = stream.get_final_message()
    assert text.strip() and final.stop_reason == "end_turn"


def anthropic_tools():
    tools = [{"name": "get_weather", "description": "Weather of a city", "input_schema": WEATHER}]
    messages = [{"role": "user", "content": "What is the weather in Oslo?"}]
    first = ant.messages.create(
        model="summarize", max_tokens=300, messages=messages, tools=tools, tool_choice={"type": "any"}
    )
    use = next(b for b in first.content if b.type == "tool_use")
    assert use.name == "get_weather" and "city" in use.input and first.stop_reason == "tool_use"
    messages.append({"role": "assistant", "content": [b.model_dump(exclude_none=True) for b in first.content]})
    messages.append(
        {"role": "user", "content": [{"type": "tool_result", "tool_use_id": use.id, "content": "4 degrees, rain"}]}
    )
    second = ant.messages.create(model="summarize", max_tokens=300, messages=messages, tools=tools)
    assert second.content[0].text


def anthropic_count():
    count = ant.messages.count_tokens(model="summarize", messages=[{"role": "user", "content": TEXT}])
    assert count.input_tokens > 10


def anthropic_not_found():
    try:
        ant.messages.create(model="nobody", max_tokens=5, messages=[{"role": "user", "content": "x"}])
    except anthropic.NotFoundError as e:
        assert "summarize" in str(e)
        return
    raise AssertionError("no NotFoundError")


def anthropic_bad_request():
    try:
        ant.messages.create(model="summarize", max_tokens=5, messages="no list")
    except anthropic.BadRequestError:
        return
    raise AssertionError("no BadRequestError")


def anthropic_models():
    assert "summarize" in [m.id for m in ant.models.list()]


def main():
    failed = 0
    dialects = ["anthropic/claude-sonnet-4-5", "openai/gpt-4.1", "gemini/gemini-2.5-pro"]
    checks = [f for name, f in globals().items() if name.startswith(("openai_", "anthropic_"))]
    for check in checks:
        try:
            check()
            print("ok", check.__name__)
        except Exception:
            failed += 1
            print("FAILED", check.__name__)
            traceback.print_exc(file=sys.stdout)
    # Both doors onto each of the three upstream dialects.
    for model in dialects:
        try:
            answer = oai.chat.completions.create(model=model, messages=[{"role": "user", "content": TEXT}])
            assert answer.choices[0].message.content
            with ant.messages.stream(
                model=model, max_tokens=200, messages=[{"role": "user", "content": TEXT}]
            ) as stream:
                assert "".join(stream.text_stream).strip()
            print("ok", model)
        except Exception:
            failed += 1
            print("FAILED", model)
            traceback.print_exc(file=sys.stdout)
    sys.exit(1 if failed else 0)


main()
