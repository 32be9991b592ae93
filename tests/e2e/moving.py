"""Moves an account from one PDS to another, step by step as the reference's own tools do.

`copied` gives an account with its repo and blobs at a new host, still served by the old one. The steps that are left
(`redirect`, `activate`, `deactivate`) tell the network; the reference takes them in this order, others do not. Nothing
is retried. Spec: https://atproto.com/guides/account-migration.
"""

from dataclasses import dataclass

from tests.e2e.pds import Account, Pds

CAR = "application/vnd.ipld.car"


@dataclass(frozen=True)
class Move:
    """An account as its two hosts have it; `new` is not active yet."""

    old: Account
    new: Account

    async def redirect(self) -> None:
        """Its DID document names the new host, and the key that this host made: the old one signs, the new submits."""
        old, new = self.old, self.new
        seen = len(old.pds.mail())
        await old.pds.call("com.atproto.identity.requestPlcOperationSignature", None, token=old.token)
        wanted = await new.pds.query("com.atproto.identity.getRecommendedDidCredentials", token=new.token)
        body = {"token": await old.pds.mailed_token(old.email, after=seen), **wanted}
        signed = await old.pds.call("com.atproto.identity.signPlcOperation", body, token=old.token)
        await new.pds.call("com.atproto.identity.submitPlcOperation", signed, token=new.token)

    async def activate(self) -> None:
        """Opens the account at its new host."""
        await self.new.activate()

    async def deactivate(self) -> None:
        """Closes it at its old host."""
        await self.old.deactivate()


async def moved(old: Account, to: Pds, name: str) -> Account:
    """The account at its new host, closed at the old one, all in the reference's order."""
    move = await copied(old, to, name)
    await move.redirect()
    await move.activate()
    await move.deactivate()
    return move.new


async def copied(old: Account, to: Pds, name: str) -> Move:
    """The account's copy at another PDS; its handle there is `name` under that host's domain."""
    host = (await to.query("com.atproto.server.describeServer"))["did"]
    token = await old.service_token(host, "com.atproto.server.createAccount")
    new = await to.open_account(name, {"did": old.did}, token=token)
    repo, _ = await old.pds.fetch("com.atproto.sync.getRepo", did=old.did)
    await to.send("com.atproto.repo.importRepo", repo, CAR, token=new.token)
    while missing := await _missing_blobs(new):
        for cid in missing:
            await new.upload_blob(*await old.pds.fetch("com.atproto.sync.getBlob", did=old.did, cid=cid))
    return Move(old, new)


async def _missing_blobs(account: Account) -> list[str]:
    """Some of the CIDs that its records name and its host does not have; none at last."""
    page = await account.pds.query("com.atproto.repo.listMissingBlobs", token=account.token)
    return [blob["cid"] for blob in page["blobs"]]
