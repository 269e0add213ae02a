"""The server against an independent client (pytest-lsp): its messages are typed, so that a malformed answer
fails, and it takes the capabilities that real editors were recorded with.

LSP_SERVER is the server, LSP_WORKSPACE a copy of tests/examples/percpu.
"""

import os
import pathlib
import re

import pytest
import pytest_lsp
from lsprotocol import types
from pytest_lsp import ClientServerConfig, LanguageClient, client_capabilities

WORKSPACE = pathlib.Path(os.environ["LSP_WORKSPACE"]).resolve()
EDITORS = ["visual_studio_code", "neovim", "emacs"]


@pytest_lsp.fixture(params=EDITORS, config=ClientServerConfig(server_command=[os.environ["LSP_SERVER"], "--stdio"]))
async def client(request, lsp_client: LanguageClient):
    # What an editor does and this client lacks. Our own notifications are looked at by the editors' checks.
    lsp_client.feature(types.CLIENT_REGISTER_CAPABILITY)(lambda params: None)
    for name in ["bpf-lsp/skeletonChanged", "bpf-lsp/serverStatus"]:
        lsp_client.feature(name)(lambda params: None)
    capabilities = client_capabilities(request.param)
    lsp_client.pulls = capabilities.text_document.diagnostic is not None
    await lsp_client.initialize_session(
        types.InitializeParams(
            capabilities=capabilities,
            root_uri=WORKSPACE.as_uri(),
            workspace_folders=[types.WorkspaceFolder(uri=WORKSPACE.as_uri(), name="percpu")],
        )
    )
    yield
    await lsp_client.shutdown_session()


def open_file(client: LanguageClient, name: str) -> tuple[str, list[str]]:
    path = WORKSPACE / name
    text = path.read_text()
    client.text_document_did_open(types.DidOpenTextDocumentParams(types.TextDocumentItem(path.as_uri(), "c", 1, text)))
    return path.as_uri(), text.split("\n")


def place(lines: list[str], text: str) -> types.Position:
    return next(types.Position(row, line.index(text)) for row, line in enumerate(lines) if text in line)


async def diagnostics(client: LanguageClient, uri: str) -> list[types.Diagnostic]:
    """As the editor gets them: asked for where it can ask, else told."""
    if client.pulls:
        params = types.DocumentDiagnosticParams(types.TextDocumentIdentifier(uri))
        return list((await client.text_document_diagnostic_async(params)).items)
    while uri not in client.diagnostics:
        await client.wait_for_notification(types.TEXT_DOCUMENT_PUBLISH_DIAGNOSTICS)
    return list(client.diagnostics[uri])


@pytest.mark.asyncio
@pytest.mark.parametrize("name", ["oops.c", "oops.bpf.c", "hits.c", "hits.bpf.c"])
async def test_diagnostics_stand_where_the_comments_expect_them(client: LanguageClient, name: str):
    uri, lines = open_file(client, name)
    expected = [(row, m[1]) for row, line in enumerate(lines) if (m := re.search(r"expect: ([\w-]+)$", line))]
    found = await diagnostics(client, uri)
    assert sorted((d.range.start.line, d.code) for d in found) == expected


@pytest.mark.asyncio
async def test_answers_are_well_formed(client: LanguageClient):
    uri, lines = open_file(client, "hits.bpf.c")
    document = types.TextDocumentIdentifier(uri)
    at = place(lines, "by_size[class]")

    hover = await client.text_document_hover_async(types.HoverParams(document, at))
    assert hover is not None and ".percpu" in str(hover.contents)
    symbols = await client.text_document_document_symbol_async(types.DocumentSymbolParams(document))
    assert {"hits", "last", "count_packet", "samples"} <= {symbol.name for symbol in symbols or []}
    definition = await client.text_document_definition_async(types.DefinitionParams(document, at))
    if isinstance(definition, list):
        definition = definition[0]
    target = getattr(definition, "range", None) or definition.target_selection_range
    assert target.start.line == place(lines, "by_size[SIZE").line
    lenses = await client.text_document_code_lens_async(types.CodeLensParams(document))
    assert lenses is not None
    assert not [message for message in client.messages if message.type == types.MessageType.Error]


@pytest.mark.asyncio
async def test_skeleton_request(client: LanguageClient):
    uri, lines = open_file(client, "hits.bpf.c")
    at = place(lines, "by_size[SIZE")
    for kind, shown in [("skeleton", "struct hits__percpu {"), ("subskeleton", "struct bpf_map *percpu;"), ("lskel", "struct bpf_map_desc percpu;")]:
        answer = await client.protocol.send_request_async(
            "bpf-lsp/skeleton", {"uri": uri, "kind": kind, "position": {"line": at.line, "character": at.character}}
        )
        assert answer.name == "hits" and shown in answer.text
        if kind == "skeleton":
            assert answer.complete and "by_size[6];" in answer.text.split("\n")[answer.line]
    answer = await client.protocol.send_request_async("bpf-lsp/skeleton", {"uri": (WORKSPACE / "hits.c").as_uri()})
    assert answer is None
