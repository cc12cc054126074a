"""Embeddings through the official OpenAI SDK. Usage: embeddings.py http://127.0.0.1:PORT"""

import sys

import openai

client = openai.OpenAI(base_url=sys.argv[1] + "/v1", api_key="unused")
# Unasked the SDK wants base64 and decodes it.
packed = client.embeddings.create(model="r", input=["a", "b"])
plain = client.embeddings.create(model="r", input="a", encoding_format="float")
assert packed.data[0].embedding == plain.data[0].embedding == [0.5, -1.0], (packed, plain)
try:
    client.embeddings.create(model="r", input="a")
except openai.InternalServerError as e:
    assert e.status_code == 503, e
else:
    raise AssertionError("no InternalServerError")
print("ok")
