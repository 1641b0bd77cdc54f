"""Two people with matrix-nio, without encryption: a room, messages, a reaction, a redaction, a file, history."""
import asyncio
import io
import json
import sys

from nio import (
    AsyncClient,
    AsyncClientConfig,
    JoinResponse,
    LoginResponse,
    RoomCreateResponse,
    RoomMessagesResponse,
    RoomMessageText,
    RoomRedactResponse,
    RoomSendResponse,
    SyncResponse,
    UploadResponse,
)

given = json.loads(sys.argv[1])


def expect(answer, kind):
    assert isinstance(answer, kind), answer
    return answer


async def signed_in(person):
    client = AsyncClient(given["baseUrl"], person["user"], config=AsyncClientConfig(encryption_enabled=False))
    expect(await client.login(person["password"]), LoginResponse)
    expect(await client.sync(timeout=0, full_state=True), SyncResponse)
    return client


async def until(client, condition):
    for _ in range(40):
        if condition():
            return
        expect(await client.sync(timeout=1000), SyncResponse)
    raise AssertionError("waited too long")


async def main():
    ada, ben = [await signed_in(person) for person in given["people"]]
    heard = []
    ben.add_event_callback(lambda room, event: heard.append((event.event_id, event.body)), RoomMessageText)
    room = expect(await ada.room_create(name="Garden", topic="What grows", invite=[ben.user_id]), RoomCreateResponse).room_id
    await until(ben, lambda: room in ben.invited_rooms)
    expect(await ben.join(room), JoinResponse)
    await until(ben, lambda: room in ben.rooms and ben.rooms[room].name == "Garden")
    await until(ada, lambda: room in ada.rooms and ben.user_id in ada.rooms[room].users)

    text = {"msgtype": "m.text", "body": "tomatoes"}
    first = expect(await ada.room_send(room, "m.room.message", text, tx_id="1"), RoomSendResponse).event_id
    again = expect(await ada.room_send(room, "m.room.message", text, tx_id="1"), RoomSendResponse).event_id
    assert first == again, "a repeated transaction made another event"
    await until(ben, lambda: (first, "tomatoes") in heard)
    assert [body for _, body in heard] == ["tomatoes"], heard
    relation = {"m.relates_to": {"rel_type": "m.annotation", "event_id": first, "key": "🍅"}}
    expect(await ben.room_send(room, "m.reaction", relation), RoomSendResponse)
    expect(await ben.room_read_markers(room, first, first), object)

    plan = b"a plan of the garden"
    upload, _ = await ada.upload(io.BytesIO(plan), content_type="text/plain", filename="plan.txt", filesize=len(plan))
    uri = expect(upload, UploadResponse).content_uri

    expect(await ada.room_redact(room, first, reason="a mistake"), RoomRedactResponse)
    expect(await ben.sync(timeout=1000), SyncResponse)
    history = expect(await ben.room_messages(room, ben.next_batch, limit=50), RoomMessagesResponse)
    kinds = [event.source["type"] for event in history.chunk]
    assert kinds[0] == "m.room.redaction" and kinds[-1] == "m.room.create", kinds
    members = await ada.joined_members(room)
    assert {member.user_id for member in members.members} == {ada.user_id, ben.user_id}, members
    await ben.room_leave(room)
    for client in (ada, ben):
        await client.logout()
        await client.close()
    print(json.dumps({"room": room, "kinds": kinds, "uri": uri}))


asyncio.run(main())
