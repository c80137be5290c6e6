from __future__ import annotations

from tests.support.cli import Place
from tests.support.fakeapi import fake_api, turn
from tests.support.wire import wired


def test_one_message_one_result_and_the_end_of_the_input_ends_it(place: Place) -> None:
    with fake_api([turn("A greeting.")]) as api, wired(place, url=api.url) as wire:
        server = wire.ask("initialize", hooks=None)
        wire.say("what is this?")
        *messages, result = wire.turn()
        assert wire.close() == 0 and wire.stderr == ""
    assert [(m["type"], m.get("subtype")) for m in messages] == [("system", "init"), ("assistant", None)]
    assert result["result"] == "A greeting." and result["subtype"] == "success"
    assert {"commands", "output_style", "models", "account"} <= set(server)
