"""Drives `commune mcp` with the official client library of Python. Ends with 1 at the first thing that is not as it should be.

    drive.py day|night WHERE...       every tool, before and after a night, for ada
    drive.py store CLIENTS NOTES WHERE...
        that many agents at once remember that many notes each, and each note that was acknowledged is told on stdout;
        whatever goes away meanwhile is waited for, and the note is stored again

WHERE is a URL, or a command to which `--agent AGENT` is added.
"""

import asyncio
import json
import sys

from mcp import Client, MCPError, StdioServerParameters

LESSON = "# Renew the wildcard certificate\nRun `certbot renew --dns-plugin acme` on host lantern; the reload hook restarts the proxy."


def client(where, agent, mode="auto"):
    if where[0].startswith("http"):
        return Client(where[0], mode=mode)
    return Client(StdioServerParameters(command=where[0], args=[*where[1:], "--agent", agent]), mode=mode)


def check(holds, *what):
    if not holds:
        raise SystemExit(f"not as it should be: {what}")


async def call(session, tool, status, **arguments):
    """Calls a tool, and looks at how it ended. The library holds the answer against the tool's schema."""
    result = await session.call_tool(tool, arguments)
    answer = result.structured_content
    check(answer["status"] == status, tool, arguments, status, answer)
    check(result.is_error == (status in ("unavailable", "refused", "invalid", "failed")), tool, answer, result.is_error)
    check(result.content and result.content[0].text, tool, "says nothing")
    return answer, result.content[0].text


async def until(session, tool, status, **arguments):
    """Calls a tool until it ends so."""
    for _ in range(300):
        result = await session.call_tool(tool, arguments)
        if result.structured_content["status"] == status:
            return result.structured_content
        await asyncio.sleep(0.1)
    raise SystemExit(f"{tool} {arguments} never came to {status}: {result.structured_content}")


async def day(where):
    async with client(where, "ada") as session:
        tools = {tool.name: tool for tool in (await session.list_tools()).tools}
        names = ["remember", "recall", "search_library", "read_article", "ask", "share", "propose", "object", "helpful", "rest", "my_brief"]
        check(list(tools) == names, list(tools))
        check(tools["recall"].annotations.read_only_hint and not tools["share"].annotations.read_only_hint, "hints")
        destroys = [name for name, tool in tools.items() if tool.annotations.destructive_hint is not False]
        check(destroys == ["propose"] and all(tool.output_schema for tool in tools.values()), "hints", destroys)

        note = {"text": "The board in the hall listens on port 8080.", "kind": "fact", "tags": ["hall"]}
        first, _ = await call(session, "remember", "stored", **note)
        again, words = await call(session, "remember", "stored", **note)
        check(first["new"] and not again["new"] and first["id"] == again["id"] and "already" in words, first, again)
        found = await until(session, "recall", "found", question="which port has the board in the hall?")
        check("8080" in found["notes"][0]["excerpt"] and found["untrusted"], found)
        await call(session, "recall", "not_known", question="zeppelin mooring")
        await call(session, "my_brief", "not_known")

        await call(session, "share", "stored", text=LESSON, kind="how-to", title="Renew the wildcard certificate")
        asked, words = await call(session, "ask", "not_known", question="How is a zeppelin moored?")
        check(asked["recorded"] and "recorded" in words, asked)
        await call(session, "search_library", "not_known", query="wildcard certificate")
        await call(session, "read_article", "not_known", path="how-to/nothing")
        await call(session, "rest", "stored", until="2999-01-01")
        await call(session, "rest", "stored", end=True)

        await call(session, "rest", "invalid")
        await call(session, "remember", "invalid", text="x", colour="red")
        await call(session, "recall", "invalid", question="")
        await call(session, "helpful", "invalid", path="how-to/nothing", verdict="wrong")
        await call(session, "remember", "refused", text="---\nkind: [\n---\nx")
        for wrong in (session.call_tool("forget", {}), session.read_resource("commune://nothing")):
            try:
                await wrong
                check(False, "this has to be an error of the protocol")
            except MCPError:
                pass

        prompts = [prompt.name for prompt in (await session.list_prompts()).prompts]
        check(prompts == ["log_what_you_learned", "before_you_begin"], prompts)
        prompt = await session.get_prompt("log_what_you_learned", {"work": "the proxy"})
        check("the proxy" in prompt.messages[0].content.text, prompt)
        templates = (await session.list_resource_templates()).resource_templates
        check(templates[0].uri_template == "commune://articles/{+path}", templates)
        print(session.protocol_version)


async def night(where):
    async with client(where, "ada") as session:
        found, words = await call(session, "search_library", "found", query="renew wildcard certificate", max_tokens=500)
        article = found["articles"][0]
        check(article["contributors"] == ["ada"] and article["revision"] == 1 and found["untrusted"], found)
        check("> Renew the wildcard certificate" in words, words)
        read, words = await call(session, "read_article", "found", path=article["path"])
        check("certbot renew" in read["text"] and f"Article {article['path']}, revision 1" in words, words)
        body = words.split("\n\n", 1)[1]
        check(all(line.startswith("> ") for line in body.splitlines()), body)
        await call(session, "read_article", "found", path=article["path"], revision=1)
        await call(session, "ask", "found", question="How is the wildcard certificate renewed?")
        await call(session, "helpful", "stored", path=article["path"], why="it saved me an hour")
        remove = {"change": "remove", "path": article["path"], "why": "the proxy is gone"}
        proposed, _ = await call(session, "propose", "stored", **remove)
        again, _ = await call(session, "propose", "stored", **remove)
        check(proposed["state"] == "waiting" and proposed["proposal"] == again["proposal"], proposed, again)
        read, _ = await call(session, "read_article", "found", path=article["path"])
        check(proposed["proposal"] in read["text"] and "the proxy is gone" in read["text"], read)
        await call(session, "object", "refused", proposal=proposed["proposal"], why="one's own is taken back")
        await call(session, "propose", "invalid", change="merge", path=article["path"], why="into what?")
        brief, _ = await call(session, "my_brief", "found")
        check("8080" in brief["text"], brief)
        resources = (await session.list_resources()).resources
        uris = [resource.uri for resource in resources]
        check(uris[0] == "commune://brief" and f"commune://articles/{article['path']}" in uris, uris)
        for uri in uris:
            contents = (await session.read_resource(uri)).contents
            check(contents[0].mime_type == "text/markdown" and "> " in contents[0].text, uri, contents)


async def keep(where, agent, notes):
    """Stores the notes of one agent, whatever goes away meanwhile."""
    left = [f"{agent} keeps note {number}" for number in range(notes)]
    while left:
        try:
            async with client(where, agent) as session:
                while left:
                    result = await asyncio.wait_for(session.call_tool("remember", {"text": left[0]}), 45)
                    answer = result.structured_content
                    if answer["status"] == "stored":
                        print(json.dumps({"agent": agent, "id": answer["id"], "text": left.pop(0)}), flush=True)
                    elif answer["status"] != "unavailable":
                        raise SystemExit(f"{agent}: {answer}")
        except SystemExit:
            raise
        except BaseException as error:  # noqa: BLE001 - the server went away: another one is started
            print(f"{agent}: {type(error).__name__}", file=sys.stderr)
            await asyncio.sleep(0.2)


async def store(clients, notes, where):
    await asyncio.gather(*(keep(where, f"agent-{number}", notes) for number in range(clients)))


match sys.argv[1:]:
    case ["day", *where]:
        asyncio.run(day(where))
    case ["night", *where]:
        asyncio.run(night(where))
    case ["store", clients, notes, *where]:
        asyncio.run(store(int(clients), int(notes), where))
    case _:
        raise SystemExit(__doc__)
