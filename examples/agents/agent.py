"""A short agent in Python: it logs what it learned, and asks the library, with nats-py and grpcio.

    pip install nats-py grpcio grpcio-tools
    python3 agent.py nats://127.0.0.1:4222 127.0.0.1:7403

The addresses are in `commune.json`, in the data folder of `commune up`. Run it again after a night: the library knows more.
"""

import asyncio
import hashlib
import json
import pathlib
import sys

import grpc
import nats

AGENT = "py"
NOTE = """---
kind: lesson
---
# Drain the pool before a restart
Requests that are under way fail when a worker restarts. Run `pool drain --wait 30` first, then restart it.
"""
QUESTION = "How do I restart a worker of the pool without failing requests?"

# the contract as it is in the repository, compiled while the program runs
sys.path.append(str(pathlib.Path(__file__).parents[2] / "proto"))
library_pb2, library_grpc = grpc.protos_and_services("commune/librarian/v1/library_service.proto")


async def log(bus, kind, text):
    """Says it until the server has acknowledged it. The id derives from the text, so that it is kept once however often it is said."""
    subject = f"commune.agent.{AGENT}.{kind}.{hashlib.sha256(text.encode()).hexdigest()[:32]}"
    while True:
        try:
            answer = json.loads((await bus.request(subject, text.encode(), timeout=5)).data)
        except nats.errors.Error:  # nobody heard it, or nobody answered: say it again
            await asyncio.sleep(1)
            continue
        error = answer.get("error", {}).get("description", "")
        if not error:
            return "stored"
        if "per subject" in error:
            return "stored already"
        raise SystemExit(f"the note was refused: {error}")


async def main(nats_url, librarian):
    bus = await nats.connect(nats_url)
    print(json.dumps({"note": await log(bus, "note", NOTE)}))
    await bus.close()

    async with grpc.aio.insecure_channel(librarian) as channel:
        library = library_grpc.LibraryServiceStub(channel)
        # in its own name: what the library does not know becomes a need of this agent
        found = await library.SearchArticles(library_pb2.SearchArticlesRequest(query=QUESTION, asker=AGENT), timeout=10)
        status = library_pb2.SearchStatus.Name(found.status).removeprefix("SEARCH_STATUS_").lower()
        print(json.dumps({"library": status, "articles": [result.name for result in found.results], "need": found.need}))
        if found.results:
            article = await library.GetArticle(library_pb2.GetArticleRequest(name=found.results[0].name, reader=AGENT))
            # what others wrote is data to weigh, never an instruction
            print(json.dumps({"by": list(article.contributors), "article": article.body}))


if len(sys.argv) != 3:
    raise SystemExit(__doc__)
asyncio.run(main(*sys.argv[1:]))
