import http.client
import json
import socket
import threading

import pytest
from simulated import Listeners, make_systems

from svstoolkit.errors import InputError
from svstoolkit.evaluation.listening.build import build
from svstoolkit.evaluation.listening.planning import Settings
from svstoolkit.evaluation.listening.register import Refused, Register
from svstoolkit.evaluation.listening.server import MOST_BYTES, TestServer
from svstoolkit.evaluation.listening.sources import gather


@pytest.fixture
def test(tmp_path):
    build(gather(make_systems(tmp_path / "wavs", 3), "truth"), Settings("mos", listeners=3), tmp_path / "listen")
    return tmp_path / "listen"


@pytest.fixture
def server(test):
    with TestServer(test, port=0) as running:
        threading.Thread(target=running.serve_forever, args=(0.02,), daemon=True).start()
        yield running
        running.shutdown()


def request(server, method, path, body=None, headers=None):
    """(status, body, headers); a dict is posted as JSON."""
    connection = http.client.HTTPConnection(*server.server_address[:2], timeout=5)
    headers = {"Content-Type": "application/json"} | (headers or {})
    connection.request(method, path, json.dumps(body) if isinstance(body, dict) else body, headers)
    answer = connection.getresponse()
    return answer.status, answer.read(), dict(answer.getheaders())


def raw(server, text):
    """Status of a request no client library would send."""
    with socket.create_connection(server.server_address[:2], timeout=5) as connection:
        connection.sendall(text.encode())
        return int(connection.recv(4096).split()[1])


def key_of(test):
    return json.loads((test / "key.json").read_text())


def token(n):
    return f"{n:032x}"


def join(server, test, n, **more):
    return request(server, "POST", "/session", {"test": key_of(test)["test"], "token": token(n), **more})


def test_the_page_and_its_sounds_and_nothing_else(server, test):
    status, body, headers = request(server, "GET", "/?listener=2")
    assert (status, body) == (200, (test / "page/index.html").read_bytes())
    assert headers["Content-Type"].startswith("text/html")
    sound = next((test / "page/audio").glob("*.wav"))
    assert request(server, "GET", f"/audio/{sound.name}")[1] == sound.read_bytes()
    status, body, headers = request(server, "HEAD", f"/audio/{sound.name}")
    assert (status, body, int(headers["Content-Length"])) == (200, b"", sound.stat().st_size)
    (test / "ratings/0001.json").write_text("{}")
    for path in ("/key.json", "/../key.json", "/audio/../../key.json", "/audio/%2e%2e/%2e%2e/key.json", "//etc/passwd"):
        assert request(server, "GET", path)[0] == 404, path
        assert raw(server, f"GET {path} HTTP/1.1\r\nHost: x\r\n\r\n") == 404
    for path in (
        "/ratings/0001.json",
        "/claims.json",
        "/audio/",
        "/audio/000000000000.wav",
        f"/audio/{sound.stem}.txt",
    ):
        assert request(server, "GET", path)[0] == 404, path
    assert request(server, "DELETE", "/")[0] == 501


def test_parts_of_sounds(server, test):
    sound = next((test / "page/audio").glob("*.wav"))
    whole = sound.read_bytes()
    for asked, part in (("0-99", whole[:100]), ("100-", whole[100:]), ("-50", whole[-50:]), ("0-99999999", whole)):
        status, body, headers = request(server, "GET", f"/audio/{sound.name}", headers={"Range": f"bytes={asked}"})
        assert (status, body) == (206, part)
        assert headers["Content-Range"].endswith(f"/{len(whole)}")
    assert request(server, "GET", f"/audio/{sound.name}", headers={"Range": "bytes=99999999-"})[0] == 416


def test_numbers_are_given_out_in_turn_and_kept(server, test):
    sessions = [json.loads(join(server, test, n)[1])["session"] for n in (1, 2, 1)]
    assert sessions == [1, 2, 1]
    assert join(server, test, 4, wanted=2)[0] == 409
    assert join(server, test, 4, wanted=9)[0] == 400
    assert json.loads(join(server, test, 4, wanted=3)[1])["session"] == 3
    status, body, _ = join(server, test, 5)
    assert status == 503
    assert "taken" in json.loads(body)["reason"]
    assert Register(test).claims.keys() == {1, 2, 3}  # a server started again knows


def test_numbers_of_those_who_never_answered_are_given_out_again(test):
    now = [0.0]
    register = Register(test, patience=100.0, now=lambda: now[0])
    identity = key_of(test)["test"]
    for n in (1, 2, 3):
        assert register.join({"test": identity, "token": token(n)}) == n
    record = Listeners(key_of(test)).record(1)
    register.save(record)
    with pytest.raises(Refused, match="taken"):
        register.join({"test": identity, "token": token(4)})
    now[0] = 101.0
    assert register.join({"test": identity, "token": token(4)}) == 2
    with pytest.raises(Refused, match="Somebody else"):
        register.save(record | {"session": 2, "token": token(2), "answers": []})


def test_ratings_are_kept_and_never_go_back(server, test):
    join(server, test, 1)
    record = Listeners(key_of(test)).record(1)
    for count in (1, 3):
        part = record | {"answers": record["answers"][:count]}
        assert request(server, "POST", "/ratings", part)[0] == 200
        assert json.loads((test / "ratings/0001.json").read_text()) == part
    assert request(server, "POST", "/ratings", record | {"answers": []})[0] == 409
    assert len(json.loads((test / "ratings/0001.json").read_text())["answers"]) == 3
    assert [p.name for p in (test / "ratings").iterdir()] == ["0001.json"]


def test_what_is_not_ratings_is_refused(server, test):
    join(server, test, 1)
    good = Listeners(key_of(test)).record(1)
    bad_answer = good | {"answers": [good["answers"][0] | {"values": [7]}]}
    refused = [
        (good | {"test": "f" * 16}, 400),
        (good | {"session": 99}, 400),
        (good | {"session": "../../x"}, 400),
        (good | {"token": "../" * 10}, 400),
        (good | {"token": token(2)}, 409),
        (good | {"session": 2}, 409),
        (bad_answer, 400),
        ({}, 400),
        ("[]", 400),
        ("{", 400),
        ("[" * 100000, 400),
        (b"\xff\xfe", 400),
    ]
    for body, status in refused:
        assert request(server, "POST", "/ratings", body)[0] == status, str(body)[:80]
    assert request(server, "POST", "/session", {"test": "other", "token": token(9)})[0] == 409
    assert request(server, "POST", "/elsewhere", good)[0] == 404
    assert request(server, "POST", "/ratings", good, {"Content-Type": "text/plain"})[0] == 415
    head = "POST /ratings HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
    assert raw(server, head + f"Content-Length: {MOST_BYTES + 1}\r\n\r\n") == 413
    assert raw(server, head + "\r\n") == 411
    assert raw(server, head + "Content-Length: -5\r\n\r\n") == 411
    assert not list((test / "ratings").iterdir())
    assert request(server, "POST", "/ratings", good)[0] == 200


def test_many_listeners_at_once(tmp_path):
    sources = gather(make_systems(tmp_path / "wavs", 3), "truth")
    build(sources, Settings("mos", listeners=12), tmp_path / "listen")
    with TestServer(tmp_path / "listen", port=0) as server:
        threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
        found = []
        threads = [
            threading.Thread(target=lambda n=n: found.append(json.loads(join(server, tmp_path / "listen", n)[1])))
            for n in range(12)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        server.shutdown()
    assert sorted(answer["session"] for answer in found) == list(range(1, 13))


def test_what_cannot_be_served(tmp_path, server, test):
    with pytest.raises(InputError, match="build the test first"):
        TestServer(tmp_path)
    with pytest.raises(InputError, match="another --port"):
        TestServer(test, port=server.server_address[1])
    (test / "claims.json").write_text("{")
    with pytest.raises(InputError, match=r"claims\.json"):
        TestServer(test, port=0)
