"""The worker for trainings among the site's services."""

import pytest
from django.conf import LazySettings

from webapp.serve import services


def niceness(settings: LazySettings) -> dict[str, int]:
    settings.EMBEDDED_REDIS = False
    return {service.name: service.niceness for service in services.everything(3)}


def test_trainings_have_a_worker_that_steps_back_behind_all_others(settings: LazySettings) -> None:
    settings.TRAINER = True
    found = niceness(settings)
    assert found["web.1"] < found["worker"] == found["learner"] < found["trainer"]


def test_a_machine_may_leave_trainings_to_another(settings: LazySettings) -> None:
    settings.TRAINER = False
    assert "trainer" not in niceness(settings)


@pytest.mark.parametrize("part", ["-Q trainings", "--concurrency 1", "--max-tasks-per-child 1"])
def test_it_takes_one_at_a_time_and_gives_its_memory_back(part: str) -> None:
    assert part in " ".join(services.trainer().command)
