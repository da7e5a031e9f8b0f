"""Writes events.out.tfevents.golden with TensorBoard's own writer (tensorboard 2.21.0):

    python make.py
"""

import os

from tensorboard.compat.proto.event_pb2 import Event
from tensorboard.compat.proto.summary_pb2 import Summary
from tensorboard.summary.writer.record_writer import RecordWriter

target = os.path.join(os.path.dirname(__file__), "events.out.tfevents.golden")
events = [
    (1, 1700000000.5, {"reward": 0.25, "success@1": 0.5}),
    (2, 1700000001.5, {"reward": -1.5, "seconds/total": 1e-7}),
    (300, 1700000002.5, {"größe": 12345.678}),
]
with open(target, "wb") as file:
    writer = RecordWriter(file)
    writer.write(Event(wall_time=events[0][1], file_version="brain.Event:2").SerializeToString())
    for step, wall_time, values in events:
        summary = Summary(value=[Summary.Value(tag=k, simple_value=v) for k, v in values.items()])
        event = Event(wall_time=wall_time, step=step, summary=summary)
        writer.write(event.SerializeToString())
