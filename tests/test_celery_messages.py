"""shopreco.celery: a message is JSON; one that would run code when it is read is not read."""

import os
import pickle

import pytest
from celery import current_app
from kombu.exceptions import ContentDisallowed
from kombu.serialization import dumps


class Attack:
    """Unpickled, it leaves a folder behind."""

    def __init__(self, mark):
        self.mark = mark

    def __reduce__(self):
        return os.mkdir, (str(self.mark),)


def test_json_is_all_that_is_sent_and_read():
    assert current_app.conf.task_serializer == current_app.conf.result_serializer == "json"
    assert set(current_app.conf.accept_content) == {"json"}


def test_a_pickle_in_the_queue_is_refused_before_it_is_read(redis_url, tmp_path):
    mark = tmp_path / "it-ran"
    content_type, encoding, body = dumps(Attack(mark), serializer="pickle")
    with current_app.connection_for_write() as connection:
        producer = connection.Producer()
        producer.publish(
            body, routing_key="training", content_type=content_type, content_encoding=encoding,
            serializer=None, headers={"task": "recommendations.train", "id": "1"},
        )  # fmt: skip
        queue = connection.SimpleQueue("training", accept=current_app.conf.accept_content)
        with queue, pytest.raises(ContentDisallowed):
            queue.get(timeout=60).decode()
    assert not mark.exists()
    # What is refused is the real thing.
    pickle.loads(body)  # type: ignore[arg-type]
    assert mark.exists()
