"""What stands beside the queries: the service's identity, and the page for people."""

from urllib.parse import urlsplit

from aiohttp import ClientSession

from tests.e2e.system import System


async def test_the_did_document_names_the_service_and_where_it_is(system: System, http: ClientSession) -> None:
    port = urlsplit(system.url).port
    async with http.get(f"{system.url}/.well-known/did.json") as answer:
        document = await answer.json(content_type=None)
    did = f"did:web:localhost%3A{port}"
    assert document["id"] == did
    [service] = document["service"]
    assert service["id"] in ("#plyr_appview", f"{did}#plyr_appview")
    assert (service["type"], service["serviceEndpoint"]) == ("PlyrAppView", f"http://localhost:{port}")


async def test_the_front_page_is_for_people(system: System, http: ClientSession) -> None:
    async with http.get(f"{system.url}/") as answer:
        assert answer.status == 200
        assert answer.content_type == "text/html"
        assert "fm.plyr" in await answer.text()
