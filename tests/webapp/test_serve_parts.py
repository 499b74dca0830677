"""The supervisor's parts by themselves, where a whole site would be slow."""

import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest
from django.core.management import call_command
from django.core.management.base import CommandError

from tests.webapp.site import free_port
from webapp.serve import ports
from webapp.serve.output import Output
from webapp.serve.probe import Probe, explain
from webapp.serve.process import Process
from webapp.serve.record import Record
from webapp.serve.services import Service
from webapp.serve.supervisor import Supervisor

STUBBORN = "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('up', flush=True); time.sleep(60)"


@pytest.fixture
def sleeper() -> Iterator[psutil.Process]:
    process = subprocess.Popen(["sleep", "60"], start_new_session=True)
    yield psutil.Process(process.pid)
    process.kill()
    process.wait()


@pytest.fixture
def lines() -> list[str]:
    return []


@pytest.fixture
def supervisor(tmp_path: Path) -> Iterator[Supervisor]:
    service = Service("worker", [sys.executable, "-c", STUBBORN], stage=2, grace=30)
    probe = Probe(("127.0.0.1", free_port()), "localhost")
    found = Supervisor([service], Record(tmp_path), Output("json"), probe)
    yield found
    for process in found.processes:
        process.signal(signal.SIGKILL)


def recorded(folder: Path, pid: int, born: float) -> Record:
    record = Record(folder)
    record.file.write_text(json.dumps({"pid": 1, "children": {"worker": [pid, born]}}))
    return record


def test_leftovers_of_an_earlier_start_are_ended(tmp_path: Path, sleeper: psutil.Process) -> None:
    assert recorded(tmp_path, sleeper.pid, sleeper.create_time()).reap() == [sleeper.pid]
    assert not sleeper.is_running() or sleeper.status() == psutil.STATUS_ZOMBIE


def test_a_stranger_with_a_recorded_pid_is_left_alone(tmp_path: Path, sleeper: psutil.Process) -> None:
    assert recorded(tmp_path, sleeper.pid, sleeper.create_time() - 100).reap() == []
    assert sleeper.status() != psutil.STATUS_ZOMBIE


def test_a_damaged_record_is_no_obstacle(tmp_path: Path) -> None:
    record = Record(tmp_path)
    record.file.write_text('{"pid": 1, "chil')
    assert record.reap() == []


def test_only_one_may_hold_the_data_folder(tmp_path: Path) -> None:
    first = Record(tmp_path)
    first.take()
    with pytest.raises(CommandError, match="already runs"):
        Record(tmp_path).take()


def test_without_a_choice_the_next_free_port_is_taken() -> None:
    with ports.listen("127.0.0.1", 0, chosen=True) as first:
        port = first.getsockname()[1]
        with ports.listen("127.0.0.1", port, chosen=False) as second:
            assert second.getsockname()[1] > port


def test_a_chosen_port_must_be_free() -> None:
    with ports.listen("127.0.0.1", 0, chosen=True) as first, pytest.raises(CommandError, match="is taken"):
        ports.listen("127.0.0.1", first.getsockname()[1], chosen=True)


def test_an_address_that_is_not_ours_is_a_sentence() -> None:
    with pytest.raises(CommandError, match="Cannot listen on 192.0.2.1"):
        ports.listen("192.0.2.1", 0, chosen=True)


def test_a_second_signal_kills_what_does_not_want_to_end(supervisor: Supervisor) -> None:
    supervisor.start(lambda: None)
    supervisor.asked_to_stop = 2
    began = time.monotonic()
    supervisor.stop()
    assert time.monotonic() - began < 5
    assert not supervisor.processes[0].alive


def test_restarts_slow_down_when_a_process_keeps_dying(lines: list[str]) -> None:
    service = Service("beat", [sys.executable, "-c", "raise SystemExit(3)"], stage=2, grace=1)
    process = Process(service, lambda name, text: lines.append(text), colour=False)
    said = []
    for _ in range(3):
        process.start()
        said.append(process.died())
    assert [text.rpartition("again in ")[2] for text in said] == ["0.5 s.", "1 s.", "2 s."]
    assert said[0].startswith("beat ended with status 3")


def test_console_lines_are_prefixed_and_json_lines_are_left_alone(capsys: pytest.CaptureFixture[str]) -> None:
    Output("console").line("web.1", "hello")
    Output("json").line("web.1", '{"event": "hello"}')
    Output("json").line("redis", "hello")
    console, untouched, wrapped = capsys.readouterr().out.splitlines()
    assert (console, untouched) == ("web.1  │ hello", '{"event": "hello"}')
    assert json.loads(wrapped)["service"] == "redis"


def test_the_reason_for_not_being_ready_is_read_from_readyz() -> None:
    body = json.dumps({"checks": {"database": "ok", "redis": "does not answer"}}).encode()
    assert explain(503, body) == "redis does not answer"
    assert explain(502, b"<html>") == "/readyz answers 502"


def test_a_child_refuses_to_begin_without_its_parent(tmp_path: Path) -> None:
    from webapp.serve import child

    stranger = str(os.getppid())
    done = subprocess.run([sys.executable, child.__file__, stranger, "0", "true"], capture_output=True, text=True)
    assert done.returncode == 1
    assert "supervisor ended" in done.stderr


def test_ctrl_c_before_the_site_has_started_is_no_traceback(monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(say: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("webapp.serve.prepare.everything", interrupted)
    with pytest.raises(CommandError, match="Stopped") as stopped:
        call_command("serve", port=free_port())
    assert stopped.value.returncode == 130


def test_connections_to_its_socket_send_without_delay() -> None:
    with ports.bind("127.0.0.1", 0) as listening, socket.create_connection(listening.getsockname()):
        accepted, _ = listening.accept()
        with accepted:
            assert accepted.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)
