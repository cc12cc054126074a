"""google-genai for Python, at the Gemini door, with both versions of the path."""

import base64
import json

from google import genai
from google.genai import errors, types
from kit import BASE, CITY, KEY, PNG, RESCUED, TEXT, WELL, cancelled, check, raised, requests, run, seen
from pydantic import BaseModel


def connect(key=KEY, **options):
    return genai.Client(api_key=key, http_options={"base_url": BASE, **options})


client = connect()
ask = client.models.generate_content
TOOL = types.Tool(
    function_declarations=[
        types.FunctionDeclaration(
            name="get_weather",
            description="d",
            parameters=types.Schema(type="OBJECT", properties={"city": types.Schema(type="STRING")}, required=["city"]),
        )
    ]
)
MUST_CALL = types.GenerateContentConfig(
    tools=[TOOL],
    tool_config=types.ToolConfig(function_calling_config=types.FunctionCallingConfig(mode="ANY")),
    automatic_function_calling=types.AutomaticFunctionCallingConfig(disable=True),
)


class Place(BaseModel):
    city: str


def user(text):
    return types.Content(role="user", parts=[types.Part(text=text)])


@check
def chat():
    for version in ["v1", "v1beta"]:
        one = connect(api_version=version)
        for model in WELL:
            answer = one.models.generate_content(
                model=model,
                contents=TEXT,
                config=types.GenerateContentConfig(system_instruction="Answer plainly.", max_output_tokens=300),
            )
            assert answer.text.strip() and answer.candidates[0].finish_reason == "STOP", model
            assert answer.usage_metadata.total_token_count > 0, model


@check
def names_with_a_slash():
    assert ask(model="openai/gpt-4.1", contents=TEXT).text


@check
def stream():
    for model in WELL:
        chunks = list(client.models.generate_content_stream(model=model, contents=TEXT))
        assert "".join(c.text or "" for c in chunks).strip(), model
        assert chunks[-1].candidates[0].finish_reason == "STOP", model
        assert chunks[-1].usage_metadata.candidates_token_count > 0, model


@check
def tools():
    for model in WELL:
        contents = [user("What is the weather in Oslo?")]
        first = ask(model=model, contents=contents, config=MUST_CALL)
        call = first.function_calls[0]
        assert call.name == "get_weather" and "city" in call.args, model
        contents.append(first.candidates[0].content)
        result = types.FunctionResponse(id=call.id, name=call.name, response={"result": "4 degrees, rain"})
        contents.append(types.Content(role="user", parts=[types.Part(function_response=result)]))
        assert ask(model=model, contents=contents, config=types.GenerateContentConfig(tools=[TOOL])).text, model


@check
def streamed_tools():
    for model in WELL:
        chunks = client.models.generate_content_stream(
            model=model, contents="What is the weather in Oslo?", config=MUST_CALL
        )
        calls = [call for c in chunks for call in c.function_calls or []]
        assert [call.name for call in calls] == ["get_weather"] and "city" in calls[0].args, model


@check
def functions_that_the_sdk_calls_itself():
    def get_weather(city: str) -> str:
        """Weather of a city."""
        return "4 degrees, rain"

    for model in WELL:
        chat = client.chats.create(model=model, config=types.GenerateContentConfig(tools=[get_weather]))
        assert chat.send_message("What is the weather in Oslo?").text, model


@check
def anothers_signature_comes_back_as_it_was():
    contents = [user("What is the weather in Oslo?")]
    first = ask(model="thinks", contents=contents, config=MUST_CALL)
    result = types.FunctionResponse(name="get_weather", response={"result": "rain"})
    contents += [first.candidates[0].content, types.Content(role="user", parts=[types.Part(function_response=result)])]
    ask(model="thinks", contents=contents, config=MUST_CALL)
    thought, call = seen("thinks")["asked"][-1]["messages"][1]["content"]
    assert thought == {"type": "thinking", "thinking": "hm", "signature": "EqQB/+Z="}, thought
    assert call["input"] == {"city": "Oslo"}, call


@check
def structured():
    for model in WELL:
        answer = ask(
            model=model,
            contents="Extract the city: I live in Oslo.",
            config=types.GenerateContentConfig(response_mime_type="application/json", response_json_schema=CITY),
        )
        assert "city" in json.loads(answer.text), model
        answer = ask(
            model=model,
            contents="I live in Oslo.",
            config=types.GenerateContentConfig(response_mime_type="application/json", response_schema=Place),
        )
        assert isinstance(answer.parsed, Place), model


@check
def image():
    picture = types.Part.from_bytes(data=base64.b64decode(PNG), mime_type="image/png")
    assert ask(model="see-openai", contents=["What is this?", picture]).text == "A cat."
    url = seen("see-openai")["asked"][-1]["messages"][0]["content"][1]["image_url"]["url"]
    assert url == "data:image/png;base64," + PNG, url
    assert ask(model="see-anthropic", contents=["What is this?", picture]).text == "A cat."
    source = seen("see-anthropic")["asked"][-1]["messages"][0]["content"][1]["source"]
    assert source == {"type": "base64", "media_type": "image/png", "data": PNG}, source


@check
def models_and_tokens():
    assert {"models/" + name for name in WELL} <= {model.name for model in client.models.list()}
    assert client.models.get(model="gemini").name == "models/gemini"
    for model in WELL:
        assert client.models.count_tokens(model=model, contents=TEXT).total_tokens > 5, model


@check
def bad_request():
    with requests(1):
        error = raised(errors.ClientError, lambda: ask(model="picky", contents="hi"))
    assert error.code == 400 and error.status == "INVALID_ARGUMENT" and "too hot" in error.message


@check
def wrong_key():
    with requests(1):
        stranger = connect("sk-wrong")
        error = raised(errors.ClientError, lambda: stranger.models.generate_content(model="gemini", contents="hi"))
    assert error.code == 401 and error.status == "UNAUTHENTICATED"


@check
def unknown_model():
    with requests(1):
        error = raised(errors.ClientError, lambda: ask(model="nobody", contents="hi"))
    assert error.code == 404 and error.status == "NOT_FOUND" and "gemini" in error.message


@check
def exhausted():
    for route in ["busy", "down"]:
        with requests(1):
            error = raised(errors.ServerError, lambda: ask(model=route, contents="hi"))
        assert error.code == 503 and error.status == "UNAVAILABLE"
        with requests(1):
            raised(
                errors.ServerError, lambda: list(client.models.generate_content_stream(model=route, contents="hi"))
            )


@check
def a_rescued_stream_is_whole():
    chunks = list(client.models.generate_content_stream(model="rescued", contents="hi"))
    assert "".join(c.text or "" for c in chunks) == RESCUED
    assert chunks[-1].candidates[0].finish_reason == "STOP"


@check
def broken_streams_raise():
    for route in ["cut", "early"]:
        said = []
        with requests(1):
            error = raised(
                errors.ServerError,
                lambda: said.extend(
                    c.text for c in client.models.generate_content_stream(model=route, contents="hi")
                ),
            )
        assert said == ["Hello"] and error.code == 502 and "incomplete" in error.message, (said, error)


@check
def cancellation():
    with cancelled():
        stream = client.models.generate_content_stream(model="slow", contents="hi")
        assert next(stream).text == "Hello"
        stream.close()


run()
