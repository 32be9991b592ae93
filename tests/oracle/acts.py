"""What happens in a simulated world beside people's ordinary life: the rare, the odd and the abrupt, one act at a time.

All of it is lawful: the hosts announce it as real ones do. Every act takes the stage and draws from its generator.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from protocol.syntax import Did, RecordKey
from simulator import Write
from tests.oracle import naming
from tests.oracle.stage import ALPHA_PLAY, COMMENT, LIKE, PLAY, POST, TRACK, Stage


def ordinary(stage: Stage) -> None:
    stage.world.live(stage.rng.randrange(1, 6))


def odd_keys(stage: Stage) -> None:
    did = stage.live()
    if did:
        rkey = RecordKey(stage.rng.choice(("my:weird_key-1.~", "self", "a", "-_~.:")))
        action = "update" if (LIKE, rkey) in stage.held(did) else "create"
        stage.world.write(did, [Write(action, LIKE, rkey, like(stage))])


def same_path_twice(stage: Stage) -> None:
    """Several writes to one path in one commit, as real hosts announce them."""
    did = stage.live()
    if not did:
        return
    rkey, track = stage.rkey(), stage.track()
    stage.world.write(did, [Write("create", TRACK, rkey, track), Write("delete", TRACK, rkey)])
    held = stage.held(did, TRACK)
    if held:
        name, old = stage.rng.choice(held)
        again = [Write("delete", name, old), Write("create", name, old, track)]
        twice = [Write("update", name, old, stage.track()), Write("update", name, old, track)]
        stage.world.write(did, stage.rng.choice((again, twice)))


def like_twice(stage: Stage) -> None:
    did = stage.live()
    if did:
        subject = stage.subject()
        writes = [Write("create", LIKE, stage.rkey(), like(stage) | {"subject": subject}) for _ in range(2)]
        stage.world.write(did, writes)


def comment(stage: Stage) -> None:
    did = stage.live()
    if did:
        value = {"text": "\x00!", "subject": stage.subject(), "timestampMs": 5, "createdAt": stage.time()}
        stage.world.write(did, [Write("create", COMMENT, stage.rkey(), {"$type": str(COMMENT), **value})])


def both_generations(stage: Stage) -> None:
    """One play under one key in both collections, and once more under another."""
    did = stage.live()
    if did:
        rkey = stage.rkey()
        writes = [Write("create", name, rkey, stage.play(name)) for name in (PLAY, ALPHA_PLAY)]
        writes.append(Write("create", PLAY, stage.rkey(), stage.play(PLAY)))
        stage.rng.shuffle(writes)
        stage.world.write(did, writes)


def invalid(stage: Stage) -> None:
    """A track that its lexicon refuses, over one that was good."""
    did = stage.live()
    if did:
        track = stage.track()
        del track[stage.rng.choice(("title", "audioUrl", "createdAt"))]
        held = stage.held(did, TRACK)
        name, rkey = stage.rng.choice(held) if held else (TRACK, stage.rkey())
        stage.world.write(did, [Write("update" if held else "create", name, rkey, track)])


def large(stage: Stage) -> None:
    did = stage.live()
    if did:
        stage.world.write(did, [Write("create", TRACK, stage.rkey(), stage.track() | {"padding": "x" * 200_000})])


def many(stage: Stage) -> None:
    """As much as a host takes in one commit: plays, and at times the end of everything else."""
    did = stage.live()
    if did:
        gone = [Write("delete", name, rkey) for name, rkey in stage.held(did)[:60] if stage.rng.random() < 0.3]
        plays = [Write("create", PLAY, stage.rkey(), stage.play(PLAY) | {"trackName": f"{n}"}) for n in range(60)]
        stage.world.write(did, gone + plays)


def remove(stage: Stage) -> None:
    did = stage.live()
    held = stage.held(did) if did else []
    if did and held:
        chosen = stage.rng.sample(held, min(len(held), stage.rng.randrange(1, 4)))
        stage.world.write(did, [Write("delete", name, rkey) for name, rkey in chosen])


def arrive(stage: Stage) -> None:
    """A new account, whose first record comes at once or later."""
    world = stage.world
    curve = stage.rng.choice(("k256", "p256"))
    host = stage.rng.randrange(world.hosts)
    account = world.create_account(f"new-{len(world.accounts)}.test", curve=curve, host=host)
    if stage.rng.random() < 0.7:
        world.write(account.did, [Write("create", TRACK, stage.rkey(), stage.track())])


async def arrive_on_own_host(stage: Stage) -> None:
    """Somebody with a did:web."""
    account = await stage.network.create_web_account(f"web-{len(stage.world.accounts)}.test")
    stage.world.write(account.did, [Write("create", TRACK, stage.rkey(), stage.track())])


def nothing_of_ours(stage: Stage) -> None:
    did = stage.live()
    if did:
        post(stage, did)


def post(stage: Stage, did: Did) -> None:
    stage.world.write(did, [Write("create", POST, stage.rkey(), {"$type": str(POST), "text": "hello"})])


def rotate(stage: Stage) -> None:
    """A new key. Until the next commit nobody can verify the repo: its last one is signed by the old key."""
    did = stage.live()
    if did:
        stage.world.rotate_key(did, stage.rng.choice(("k256", "p256")))
        stage.rotated.add(did)
        if stage.rng.random() < 0.5:
            post(stage, did)


def migrate(stage: Stage) -> None:
    did = stage.live()
    if did:
        stage.world.migrate(did, stage.rng.randrange(stage.world.hosts))


def rename(stage: Stage) -> None:
    """To a new handle, or to one that another has, who loses it."""
    did = stage.live()
    if did:
        taken = stage.rng.choice(sorted(stage.world.handles))
        if stage.rng.random() < 0.2 and stage.world.handles[taken] != did:
            stage.robbed.append((stage.world.handles[taken], did))
            stage.world.change_handle(did, taken)
        else:
            stage.world.change_handle(did, f"h-{stage.world.now():x}.test")


def hide(stage: Stage) -> None:
    did = stage.live()
    if did:
        world = stage.world
        stage.rng.choice((world.deactivate, world.suspend, world.take_down))(did)


def return_(stage: Stage) -> None:
    away = [did for did, account in stage.world.accounts.items() if account.status and not account.tombstoned]
    if away:
        stage.world.reactivate(stage.rng.choice(away))


def delete(stage: Stage) -> None:
    did = stage.live()
    if did:
        stage.world.delete(did)


def tombstone(stage: Stage) -> None:
    did = stage.live()
    if did and did.startswith("did:plc:"):
        stage.world.tombstone(did)


def like(stage: Stage) -> Any:
    return {"$type": str(LIKE), "subject": stage.subject(), "createdAt": stage.time()}


ACTS: Final[tuple[tuple[Callable[[Stage], None], int], ...]] = (
    (ordinary, 60),
    (odd_keys, 3),
    (same_path_twice, 6),
    (like_twice, 5),
    (comment, 3),
    (both_generations, 4),
    (invalid, 4),
    (large, 1),
    (many, 2),
    (remove, 8),
    (arrive, 4),
    (nothing_of_ours, 6),
    (rotate, 3),
    (migrate, 2),
    (rename, 3),
    (hide, 5),
    (return_, 5),
    (delete, 1),
    (tombstone, 1),
    *naming.ACTS,
)


def act(stage: Stage) -> str:
    """Something happens; its name."""
    chosen = stage.rng.choices([each for each, _ in ACTS], [weight for _, weight in ACTS])[0]
    chosen(stage)
    return chosen.__name__
